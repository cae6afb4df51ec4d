// `pnpm test:nodes` runs all vitest projects with every Node.js that is supported, one after the other, whatever the
// others gave. `pnpm test:nodes 24 26 --project faults` takes some of them, and gives what else there is to vitest. The
// versions come from the npm package `node`, the newest of each line, and are kept in node_modules/.cache.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LINES = ['20', '22', '24', '26'];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const given = process.argv.slice(2).filter((argument) => argument !== '--');
const chosen = given.filter((argument) => LINES.includes(argument));
const options = given.filter((argument) => !LINES.includes(argument));

const outcomes = (chosen.length > 0 ? chosen : LINES).map((line) => ({ line, ...runOn(line) }));
for (const { line, version, failure } of outcomes) console.log(`Node.js ${version ?? line}: ${failure ?? 'passed'}`);
process.exitCode = outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0;

/** Runs all projects with one line, and says how that failed, if it did. */
function runOn(line) {
  const folder = join(root, 'node_modules', '.cache', `node-${line}`);
  const installed = spawnSync(
    'npm',
    ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, `node@${line}`],
    { stdio: 'inherit' },
  );
  if (installed.status !== 0) return { failure: 'could not be installed' };
  const bin = join(folder, 'node_modules', 'node', 'bin');
  const node = join(bin, 'node');
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\n== Node.js ${version}`);
  // Programs that tests start find the same one.
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const { status } = spawnSync(node, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...options], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  return { version, failure: status === 0 ? undefined : `failed (${status ?? 'no exit code'})` };
}
