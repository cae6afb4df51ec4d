import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Server as EngineServer } from 'engine.io';
import { processOf, sessionIdOf } from './session-id.ts';
import { answerUnknownSession } from './unknown-session.ts';

/** In the environment of the children: where each of them listens for the others. */
const FOLDER = 'PORTLIGHT_SOCKET_IO_FOLDER';
/** Of a head that the server of the app has let in. */
const MAX_HEAD_BYTES = 1_048_576;
/** How long what is passed on may take to end when its process stops, in ms. */
const LINGER_MS = 1_000;

/**
 * Makes the folder in which the child processes find each other, for this user alone. To be called by the process that
 * starts them, before it does.
 *
 * @throws where there is none to be made
 */
export async function makeMeetingPlace(): Promise<void> {
  made = await mkdtemp(join(tmpdir(), 'portlight-'));
  process.env[FOLDER] = made;
}

/** Does nothing in a process that has made none. */
export async function removeMeetingPlace(): Promise<void> {
  if (made === undefined) return;
  await rm(made, { recursive: true, force: true });
  made = undefined;
  delete process.env[FOLDER];
}

/** Where the process that has made the folder is gone, the last child removes it: for the others it is not empty. */
async function removeOrphanedPlace(): Promise<void> {
  const folder = process.env[FOLDER];
  if (!process.connected && folder !== undefined) await rmdir(folder).catch(() => {});
}

/** By this process: the environment may have that of another app, which started this one. */
let made: string | undefined;

/** Where a process listens for the others. @param processName as in the id of a session, which may be made up */
export function doorOf(processName: string): string {
  const folder = process.env[FOLDER] ?? '';
  return process.platform === 'win32' ? `\\\\.\\pipe\\${folder}\\${processName}` : join(folder, processName);
}

/** Where a process takes what the others pass on to it: requests of sessions that it has. */
export class SiblingDoor {
  readonly #processName: string;
  readonly #server: Server;
  /** The server does not know them any more, yet waits for their end. */
  readonly #upgraded: Set<Duplex> = new Set();

  constructor(processName: string, engine: EngineServer) {
    this.#processName = processName;
    this.#server = createServer(
      { requestTimeout: 0, headersTimeout: 0, maxHeaderSize: MAX_HEAD_BYTES },
      (request, response) => {
        if (processOf(sessionIdOf(request)) === processName) engine.handleRequest(request, response);
        else answerUnknownSession(response);
      },
    ).on('upgrade', (request, socket, head) => {
      this.#upgraded.add(socket);
      socket.on('error', () => {}).on('close', () => this.#upgraded.delete(socket));
      if (processOf(sessionIdOf(request)) === processName) engine.handleUpgrade(request, socket, head);
      else socket.destroy();
    });
  }

  /** @throws where it cannot listen */
  async open(): Promise<void> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(doorOf(this.#processName), () => resolve(void server.off('error', reject)));
    });
    server.unref();
  }

  /** Resolves when what was passed on has ended, or was cut. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const cut = setTimeout(() => {
      server.closeAllConnections();
      this.#upgraded.forEach((each) => each.destroy());
    }, LINGER_MS);
    await closed;
    clearTimeout(cut);
    await removeOrphanedPlace();
  }
}
