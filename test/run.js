// `pnpm check` runs the static steps, `pnpm test` runs them and all tests. Every step runs, whatever the others gave;
// the first that failed gives the exit code. The last line of `pnpm test` counts the tests.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STATIC_STEPS = ['build', 'format:check', 'lint', 'typecheck', 'knip'];

const failures = STATIC_STEPS.map((step) => run(step, ['run', step])).filter((failure) => failure !== undefined);
const counts = process.argv.includes('--static') ? undefined : runTests();

for (const { title } of failures) console.error(`FAILED: ${title}`);
if (counts !== undefined) {
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
}
process.exitCode = failures[0]?.code ?? 0;

/** Runs pnpm and says how it failed, if it did. */
function run(title, args) {
  console.log(`\n== ${title}`);
  const { error, status } = spawnSync('pnpm', args, { stdio: 'inherit' });
  if (error !== undefined) console.error(error.message);
  return status === 0 ? undefined : { title, code: status ?? 1 };
}

/** Runs every vitest project and adds up its tests; type tests are among them. */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'portlight-test-'));
  const file = join(folder, 'report.json');
  const failure = run('vitest', [
    'exec',
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]);
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
    };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}
