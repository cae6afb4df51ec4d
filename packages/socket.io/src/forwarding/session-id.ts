import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const OWNER = /^[\w-]{20}\.([\w-]{12})$/;

/** A name of a process that no other has, for ids of sessions and names of files. */
export function makeProcessName(): string {
  return randomBytes(9).toString('base64url');
}

/** An id that nobody guesses, with the name of the process that has the session. */
export function makeSessionId(processName: string): string {
  return `${randomBytes(15).toString('base64url')}.${processName}`;
}

/** The id of the session that a request is of, as engine.io reads it; `undefined` where it asks for a new one. */
export function sessionIdOf({ url }: IncomingMessage): string | undefined {
  return new URL(url ?? '', 'http://localhost').searchParams.getAll('sid').at(-1);
}

/** The name of the process that has a session; `undefined` where the id says none. */
export function processOf(sessionId: string | undefined): string | undefined {
  return sessionId === undefined ? undefined : OWNER.exec(sessionId)?.[1];
}
