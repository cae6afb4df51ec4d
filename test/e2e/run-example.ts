import { RunningProgram } from './run-program.ts';

/** An example that serves, on a port of its own or the one that is given; ended when its block is left. */
export async function runExample(
  name: string,
  port = 0,
  environment: NodeJS.ProcessEnv = {},
): Promise<{ readonly base: string; readonly port: number; readonly program: RunningProgram } & AsyncDisposable> {
  const program = new RunningProgram([`../../examples/${name}/server.js`], { ...environment, PORT: String(port) });
  const [base] = await program.said(/http:\/\/127\.0\.0\.1:\d+/);
  return {
    base,
    port: Number(new URL(base).port),
    program,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
