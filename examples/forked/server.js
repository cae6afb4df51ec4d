// One app, in the mode that is its argument: a clock, a handler that blocks its process, and who the processes are.
import { HttpServer } from 'portlight';

const [, , mode = 'forked'] = process.argv;

/** Keeps the processor busy, as a large computation would. */
function block(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const server = new HttpServer('127.0.0.1', Number(process.env.PORT ?? 8080))
  .setMaxProcesses(4)
  .use(async (_request, next) => (await next()).header('access-control-allow-origin', '*'))
  .get('/clock', () => ({ pid: process.pid, now: Date.now() }))
  .get('/block', ({ query }) => {
    const ms = Math.min(Number(query.ms) || 0, 10_000);
    block(ms);
    return { pid: process.pid, blockedMs: ms };
  })
  .get('/workers', () => server.workers())
  .onStart(() => {
    // Where modes.js has started this, it shall not outlive that.
    process.once('disconnect', () => void server.shutdown());
    process.channel?.unref();
    console.log(`http://127.0.0.1:${server.getAddress().port}`);
  });

await server.run({ mode });
