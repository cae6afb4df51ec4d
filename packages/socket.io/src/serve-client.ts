import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'socket.io';

/** The files of the client that socket.io brings. */
const FILES = /^socket\.io(?:\.esm\.min|\.min|\.msgpack\.min)?\.js(?:\.map)?$/;
/** Those of the form above that there are none of. */
const MISSING = 'socket.io.esm.js';

type Cors = (message: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** What a Socket.IO server has for its client files; `attach` is the only public way to it, which is not ours. */
interface ClientFiles {
  serve(file: string, message: IncomingMessage, response: ServerResponse): void;
  readonly _corsMiddleware?: Cors;
}

/** Answers a request for a file of the client. @param file the rest of the path @returns whether it was one */
export function serveClient(io: Server, file: string, message: IncomingMessage, response: ServerResponse): boolean {
  if (!io.serveClient() || !FILES.test(file) || file.startsWith(MISSING)) return false;
  const files = io as unknown as ClientFiles;
  const serve = (): void => files.serve(file, message, response);
  if (files._corsMiddleware === undefined) serve();
  else files._corsMiddleware(message, response, serve);
  return true;
}
