// Serves from child processes, which run this file again wherever it ends up.
import { HttpServer } from 'portlight';

async function main() {
  const server = new HttpServer('127.0.0.1', 0).setMaxProcesses(2).get('/', () => `${process.pid}`);
  server.onStart(() => console.log(`listening ${server.getAddress().port}`));
  await server.run({ mode: 'workers' });
}

main();
