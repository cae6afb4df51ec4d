// Runs a program that would not notice when whoever started it is gone: it ends with this process, and this one with
// its parent, however that ends. The program has a folder of its own, which goes with it.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [, , folder, program, ...args] = process.argv;
const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
process.send({ pid: child.pid });

const end = () => child.kill('SIGTERM');
process.on('SIGTERM', end).on('SIGINT', end).on('disconnect', end);
child
  .on('error', ({ message }) => console.error(message))
  .on('close', (code) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
