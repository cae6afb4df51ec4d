import { HttpServer, type ServerOptions } from '../../src/index.ts';
import { RecordingLogger } from './recording-logger.ts';

/** A server that listens on a free port until its block is left. */
export interface OpenServer extends AsyncDisposable {
  readonly server: HttpServer;
  readonly port: number;
  readonly log: RecordingLogger;
}

/** Starts a server for one test. What is still open when the test is over is cut. */
export async function openServer(
  register: (server: HttpServer) => unknown,
  options: ServerOptions = {},
): Promise<OpenServer> {
  const log = new RecordingLogger();
  const server = new HttpServer('127.0.0.1', 0, options).debug(log);
  register(server);
  await server.start();
  return {
    server,
    log,
    port: server.getAddress().port,
    [Symbol.asyncDispose]: async () => void (await server.shutdown({ timeoutMs: 0 })),
  };
}

/** A server without a port, whose log is kept. */
export function portless(
  register: (server: HttpServer) => unknown,
  options: ServerOptions = {},
): Omit<OpenServer, 'port' | typeof Symbol.asyncDispose> {
  const log = new RecordingLogger();
  const server = new HttpServer('127.0.0.1', 0, options).debug(log);
  register(server);
  return { server, log };
}
