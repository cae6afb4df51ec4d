// Behind the nginx of nginx.conf: the server learns who asked, and by which URL. Without nginx nobody is believed.
import { HttpServer } from 'portlight';

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080), { trustProxy: ['127.0.0.1'] })
  .get('/', (request) => ({ ip: request.ip, url: request.url.href }))
  .accept('/echo', (message) => message)
  .events('/greeting', (stream, request) => void stream.send({ data: `Hello, ${request.ip}!` }))
  .onStart(() => console.log(`Listening at http://127.0.0.1:${server.getAddress().port}, for nginx.`));

await server.run();
