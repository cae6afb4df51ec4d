// `pnpm check` runs the static steps, `pnpm test` runs them and all tests. Every step runs, whatever the others gave;
// only what is not built cannot be tried. The first that failed gives the exit code. `pnpm test` ends with the names of
// the tests that failed, and with a line that counts all of them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const STATIC_STEPS = ['build', 'format:check', 'lint', 'typecheck', 'knip'];
/** Says that something hangs: on two cores, all tests take a quarter of it. */
const TESTS_MS = 45 * 60_000;
const NO_COUNTS = { passed: 0, failed: 0, skipped: 0, names: [] };

const failures = STATIC_STEPS.map((step) => run(step, ['run', step])).filter((failure) => failure !== undefined);
const counts = process.argv.includes('--static') ? undefined : runTests();

for (const { title } of failures) console.error(`FAILED: ${title}`);
for (const name of counts?.names ?? []) console.error(`FAILED: ${name}`);
if (counts !== undefined) {
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
}
process.exitCode = failures[0]?.code ?? 0;

/** Runs pnpm and says how it failed, if it did. */
function run(title, args, timeout) {
  console.log(`\n== ${title}`);
  const { error, status } = spawnSync('pnpm', args, { stdio: 'inherit', timeout });
  if (error !== undefined) console.error(error.message);
  return status === 0 ? undefined : { title, code: status ?? 1 };
}

/** Runs every vitest project and adds up its tests; type tests are among them. */
function runTests() {
  // Each of them would fail for want of it, or wait for what does not start.
  if (failures.some(({ title }) => title === 'build')) return { ...NO_COUNTS, failed: 1 };
  const folder = mkdtempSync(join(tmpdir(), 'portlight-test-'));
  const file = join(folder, 'report.json');
  const failure = run(
    'vitest',
    ['exec', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    TESTS_MS,
  );
  const counts = readCounts(file);
  rmSync(folder, { recursive: true });
  if (failure === undefined && counts.passed > 0) return counts;
  failures.push(failure ?? { title: 'vitest, which ran no test', code: 1 });
  // A file that does not load, or an error outside of a test, fails the run and no test.
  return { ...counts, failed: Math.max(counts.failed, 1) };
}

function readCounts(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
      names: report.testResults.flatMap(namesOfFailed),
    };
  } catch {
    return NO_COUNTS;
  }
}

/** Each with its file, since a name may be in several. */
function namesOfFailed({ name: file, assertionResults }) {
  return assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => `${relative('.', file)} ${fullName}`);
}
