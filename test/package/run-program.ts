import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MODULES = fileURLToPath(new URL('node_modules/', import.meta.url));

/** Runs a program to its end and gives what it printed; when it fails, the error shows all of that. */
export async function runProgram(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(file, args, { cwd, env: plainEnvironment() }).catch(
    (error: Error & { readonly stdout: string; readonly stderr: string }) => {
      throw new Error(`${error.message}\n${error.stdout}${error.stderr}`);
    },
  );
  return stdout;
}

/** Runs a script of a package that this folder has installed. */
export function runScript(script: string, args: readonly string[], cwd: string): Promise<string> {
  return runProgram(process.execPath, [MODULES + script, ...args], cwd);
}

/** Without what pnpm and vitest add, which a user's shell does not have. */
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|pnpm_|vitest|node_env$|node_options$)/i.test(name)),
  );
}
