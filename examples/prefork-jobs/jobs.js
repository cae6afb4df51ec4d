// Work for all processors, from one file and without a server: the primary gives out jobs, and its children do them.
// `node jobs.js 2000000 3000000` counts the primes below each number.
import { connectToPrimary, Supervisor } from '@portlight/prefork';

const primary = connectToPrimary();
if (primary === undefined) await giveOut(process.argv.slice(2).map(Number));
else work();

/** In each child. */
function work() {
  primary.link.answer('count primes', (limit) => ({ data: countPrimes(limit) }));
  primary.onDrain(({ reason }) => `Child ${primary.id} was told: ${reason}.`);
  primary.ready();
}

/** In the primary. */
async function giveOut(jobs) {
  let unfinished = jobs.length;
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));

  async function keepBusy({ link }) {
    for (let limit = jobs.shift(); limit !== undefined; limit = jobs.shift()) {
      try {
        const { data } = await link.call('count primes', limit);
        console.log(`${data} primes below ${limit}`);
        if (--unfinished === 0) finish();
      } catch {
        // This child is gone. Another one takes its seat, is ready soon, and begins with this job.
        jobs.unshift(limit);
        return;
      }
    }
  }

  const supervisor = new Supervisor({ size: 2, onReady: (worker) => void keepBusy(worker) });
  process.once('SIGINT', () => finish());
  await supervisor.start();
  console.log(`Processes ${supervisor.workers.map(({ pid }) => pid).join(' and ')} are at work.`);
  await finished;
  for (const { report } of await supervisor.stop()) console.log(report);
}

function countPrimes(limit) {
  const isComposite = new Uint8Array(limit);
  let count = 0;
  for (let number = 2; number < limit; number++) {
    if (isComposite[number] === 1) continue;
    count++;
    for (let multiple = number * number; multiple < limit; multiple += number) isComposite[multiple] = 1;
  }
  return count;
}
