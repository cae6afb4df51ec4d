// How many bytes a key takes with a million keys, and how long a take lasts. Needs the build, and `node --expose-gc`.
import { createPolicy, MemoryRateLimitStore } from '@portlight/rate-limit';

const KEYS = 1_000_000;
const minute = { max: 100, windowSeconds: 60 };

const nameOf = (index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

function usedBytes() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function nsPer(count, take) {
  const start = process.hrtime.bigint();
  for (let index = 0; index < count; index++) take(index);
  return (Number(process.hrtime.bigint() - start) / count).toFixed(0);
}

/** Fills a store with a million keys that take a unit in each of so many sub-windows. */
function measureKeys(algorithm, subWindows) {
  const policy = createPolicy({ ...minute, algorithm });
  let now = 0.5;
  const before = usedBytes();
  const store = new MemoryRateLimitStore({ maxKeys: KEYS, now: () => now });
  let ns = '';
  for (let round = 0; round < subWindows; round++) {
    ns = nsPer(KEYS, (index) => store.take([{ key: nameOf(index), policy }]));
    now += 3_750.25;
  }
  const bytes = (usedBytes() - before) / KEYS;
  console.log(
    `${algorithm}, a unit in each of ${subWindows} sub-windows: ${bytes.toFixed(0)} bytes a key, ${ns} ns for the last take of each`,
  );
  store.take([]);
}

/** The same few keys again and again, on the clock of the machine. */
function measureTakes(title, policies) {
  const store = new MemoryRateLimitStore();
  const claims = Array.from({ length: 64 }, (_, index) => policies.map((policy) => ({ key: nameOf(index), policy })));
  nsPer(1_000_000, (index) => store.take(claims[index & 63]));
  console.log(`${title}: ${nsPer(3_000_000, (index) => store.take(claims[index & 63]))} ns a take`);
}

for (const [algorithm, subWindows] of [
  ['sliding-window', 1],
  ['sliding-window', 2],
  ['sliding-window', 16],
  ['token-bucket', 1],
])
  measureKeys(algorithm, subWindows);

const roomy = createPolicy({ max: 1_000_000_000, windowSeconds: 60 });
const spent = createPolicy({ max: 1, windowSeconds: 86_400 });
measureTakes('one policy, admitted', [roomy]);
measureTakes('one policy, denied', [spent]);
measureTakes('two policies, admitted', [
  roomy,
  createPolicy({ name: 'hour', max: 1_000_000_000, windowSeconds: 3_600 }),
]);
measureTakes('token bucket, admitted', [
  createPolicy({ max: 1_000_000_000, windowSeconds: 60, algorithm: 'token-bucket' }),
]);

const full = new MemoryRateLimitStore({ maxKeys: 100_000 });
const small = createPolicy({ max: 5, windowSeconds: 60 });
console.log(
  `a flood of new keys, mostly without room: ${nsPer(KEYS, (index) => full.take([{ key: nameOf(index), policy: small }]))} ns a take`,
);
