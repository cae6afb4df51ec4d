// What a take costs a process that shares its counts, beside one that counts for itself; and how often it asks, by the
// limit. Needs the build.
import { createPolicy, LeaseCounter, LeasedRateLimitStore, MemoryRateLimitStore } from '@portlight/rate-limit';

const CHILDREN = 4;

/** Two ends; what is told arrives in a later turn. */
function joinLines(onTell) {
  const handlers = [new Map(), new Map()];
  return handlers.map((own, index) => ({
    tell(name, data) {
      onTell(name);
      setImmediate(() => handlers[1 - index].get(name)(JSON.parse(JSON.stringify(data))));
    },
    on: (name, handler) => own.set(name, handler),
    onClosed() {},
  }));
}

function open(counter, onTell = () => {}) {
  const [near, far] = joinLines(onTell);
  counter.attach(far);
  return new LeasedRateLimitStore(near);
}

async function nsPer(count, take) {
  const start = process.hrtime.bigint();
  for (let index = 0; index < count; index++) {
    const answer = take(index);
    if (answer instanceof Promise) await answer;
  }
  return (Number(process.hrtime.bigint() - start) / count).toFixed(0);
}

const roomy = createPolicy({ max: 1_000_000_000, windowSeconds: 86_400 });
async function measureTakes(name, store) {
  const claims = Array.from({ length: 64 }, (_, index) => [{ key: `10.0.0.${index}`, policy: roomy }]);
  await nsPer(1_000_000, (index) => store.take(claims[index & 63]));
  console.log(`a take ${name}: ${await nsPer(3_000_000, (index) => store.take(claims[index & 63]))} ns`);
}

await measureTakes('in memory', new MemoryRateLimitStore());
await measureTakes('from a lease', open(new LeaseCounter()));

for (const max of [20, 50, 100, 200, 1_000, 10_000]) {
  let questions = 0;
  const counter = new LeaseCounter();
  const children = Array.from({ length: CHILDREN }, () =>
    open(counter, (name) => void (questions += name === 'limits:ask' ? 1 : 0)),
  );
  const policy = createPolicy({ max, windowSeconds: 3_600 });
  let admitted = 0;
  await Promise.all(
    Array.from({ length: 8 }, async (_, client) => {
      for (let index = 0; index < max / 8 + 1; index++) {
        const [decision] = await children[(client + index) % CHILDREN].take([{ key: 'a', policy }]);
        if (decision.isAllowed) admitted++;
      }
    }),
  );
  console.log(
    `limit ${max}: ${(questions / admitted).toFixed(2)} questions for a request that is admitted, in a burst`,
  );
}
