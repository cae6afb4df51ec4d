// How long it takes to import each framework, and from the start of a process to a server that listens.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROUNDS = 7;

const IMPORTS = {
  'node:http': "import('node:http')",
  polka: "import('polka')",
  portlight: "import('portlight')",
  hono: "Promise.all([import('hono'), import('@hono/node-server')])",
  h3: "import('h3')",
  fastify: "import('fastify')",
  express: "import('express')",
};
const LISTENS = {
  'node:http': "(await import('node:http')).createServer((_, r) => r.end('hi')).listen(0, done)",
  polka: "(await import('polka')).default().get('/', (_, r) => r.end('hi')).listen(0, done)",
  portlight:
    "new (await import('portlight')).HttpServer('127.0.0.1', 0).get('/', () => 'hi').get('/users/:id', (r) => r.params).start().then(done)",
  hono: "(await import('@hono/node-server')).serve({ fetch: new (await import('hono')).Hono().get('/', (c) => c.text('hi')).fetch, port: 0 }, done)",
  h3: "const { H3, serve } = await import('h3'); serve(new H3().get('/', () => 'hi'), { port: 0, silent: true }).ready().then(done)",
  fastify: "(await import('fastify')).default().get('/', () => 'hi').listen({ port: 0 }, done)",
  express: "(await import('express')).default().get('/', (_, r) => r.send('hi')).listen(0, done)",
};

/** The medians of each, in milliseconds. */
export function measureStartUp() {
  const times = Object.keys(IMPORTS).map((name) => ({ name, importing: [], listening: [] }));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, importing, listening } of times) {
      importing.push(run(`const t = performance.now(); await ${IMPORTS[name]}; console.log(performance.now() - t);`));
      listening.push(run(`const done = () => { console.log(performance.now()); process.exit(); }; ${LISTENS[name]};`));
    }
  }
  return times.map(({ name, importing, listening }) => ({
    name,
    importMs: median(importing),
    listeningMs: median(listening),
  }));
}

function run(code) {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return Number(stdout);
}

function median(values) {
  return values.sort((one, other) => one - other)[values.length >> 1];
}
