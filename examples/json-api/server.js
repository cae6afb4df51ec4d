// A JSON API with validation; every error is application/problem+json.
import { HttpServer } from 'portlight';
import { taskRoutes } from './tasks.js';

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .mount('/tasks', taskRoutes)
  .ping()
  .ready()
  .onStart(() => console.log(`Try curl http://127.0.0.1:${server.getAddress().port}/tasks`));

await server.run();
