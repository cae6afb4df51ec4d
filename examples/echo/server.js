// Sends back what is uploaded, of any size, as it comes: in memory is only what the client has not yet taken.
import { HttpResponse, HttpServer } from 'portlight';

const DAY_MS = 86_400_000;

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080), { requestTimeoutMs: DAY_MS })
  .post('/', { maxBodyBytes: Number.MAX_SAFE_INTEGER }, (request) =>
    HttpResponse.stream(request.stream(), {
      headers: {
        'content-type': request.header('content-type') ?? 'application/octet-stream',
        'x-content-type-options': 'nosniff',
      },
    }),
  )
  .onStart(() => console.log(`curl -X POST -T a-large-file -o its-echo http://127.0.0.1:${server.getAddress().port}/`));

await server.run();
