// The routers alone: nanoseconds for a lookup, by the number of routes; geometric mean over five kinds of path.
import { Memoirist } from 'memoirist';
import findMyWay from 'find-my-way';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { TrieRouter } from 'hono/router/trie-router';
import { addRoute, createRouter, findRoute } from 'rou3';
import { RouteTable } from '../../packages/portlight/dist/routing/route-table.js';

const SIZES = [60, 1_000, 10_000];
const ROUNDS = 7;
const LOOKUPS = 200_000;
const nothing = () => {};

/** Routes of a made-up API: for each resource a list, one, a part of one, two deep, and a file tree. */
function makeRoutes(count) {
  return Array.from({ length: Math.ceil(count / 5) }, (_, index) => `/v1/resource${index}`)
    .flatMap((base) => [base, `${base}/:id`, `${base}/:id/parts`, `${base}/:id/parts/:part`, `${base}/:id/files/*`])
    .slice(0, count);
}

function makePaths(count) {
  const last = Math.floor(count / 5) - 1;
  return {
    static: `/v1/resource${last}`,
    'one param': `/v1/resource${last}/42`,
    'several params': `/v1/resource${last}/42/parts/7`,
    wildcard: `/v1/resource${last}/42/files/a/b/c.txt`,
    miss: `/v1/resource${last}/42/nothing`,
  };
}

const ROUTERS = {
  portlight(routes) {
    const table = new RouteTable();
    for (const route of routes) table.add('GET', route.replace('*', '*path'), nothing);
    return (path) => table.match('GET', path);
  },
  memoirist(routes) {
    const router = new Memoirist();
    for (const route of routes) router.add('GET', route, nothing);
    return (path) => router.find('GET', path);
  },
  'find-my-way'(routes) {
    const router = findMyWay();
    for (const route of routes) router.on('GET', route, nothing);
    return (path) => router.find('GET', path);
  },
  rou3(routes) {
    const router = createRouter();
    for (const route of routes) addRoute(router, 'GET', route.replace('*', '**:path'), nothing);
    return (path) => findRoute(router, 'GET', path);
  },
  'hono (RegExp)'(routes) {
    const router = new RegExpRouter();
    for (const route of routes) router.add('GET', route, nothing);
    return (path) => router.match('GET', path);
  },
  'hono (trie)'(routes) {
    const router = new TrieRouter();
    for (const route of routes) router.add('GET', route, nothing);
    return (path) => router.match('GET', path);
  },
};

for (const size of SIZES) {
  console.log(`\n${size} routes, ns per lookup\n`);
  console.log(`| router | ${Object.keys(makePaths(size)).join(' | ')} | geometric mean | building, ms |`);
  console.log(
    `| --- | ${Object.keys(makePaths(size))
      .map(() => '---')
      .join(' | ')} | --- | --- |`,
  );
  for (const [name, build] of Object.entries(ROUTERS)) console.log(measure(name, build, size));
}

function measure(name, build, size) {
  const startedAt = performance.now();
  let find;
  try {
    find = build(makeRoutes(size));
    find('/v1/resource0');
  } catch (error) {
    return `| ${name} | cannot hold these routes: ${error.constructor.name} |`;
  }
  const buildMs = performance.now() - startedAt;
  const times = Object.values(makePaths(size)).map((path) => lookup(find, path));
  const mean = Math.exp(times.reduce((sum, time) => sum + Math.log(time), 0) / times.length);
  return `| ${name} | ${times.map((time) => time.toFixed(0)).join(' | ')} | ${mean.toFixed(0)} | ${buildMs.toFixed(0)} |`;
}

/** The median of the rounds; each path is a fresh string, as it is when it comes from a socket. */
function lookup(find, path) {
  const bytes = Buffer.from(path);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const paths = Array.from({ length: 1_000 }, () => bytes.latin1Slice(0, bytes.length));
    const startedAt = process.hrtime.bigint();
    for (let index = 0; index < LOOKUPS; index += 1) find(paths[index % 1_000]);
    return Number(process.hrtime.bigint() - startedAt) / LOOKUPS;
  });
  return rounds.sort((one, other) => one - other)[Math.floor(ROUNDS / 2)];
}
