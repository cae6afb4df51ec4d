import type { WebSocketConfig } from '../config/websocket-options.ts';
import { BadRequestError, HttpError } from '../errors/http-error.ts';
import { isToken } from '../fields/header-syntax.ts';
import type { LogHolder } from '../log.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { Guard, Verdict } from './guard.ts';
import { OriginCheck } from './origin-check.ts';

/** 16 bytes in Base64 (RFC 6455 §4.1). */
const KEY = /^[+/0-9A-Za-z]{21}[AQgw]==$/;
const WANTED = { upgrade: 'websocket', 'sec-websocket-version': '13' };

/**
 * Finds room for the channel that a request asks for, and keeps it for that.
 *
 * @throws {HttpError} where there is none
 */
export type FindRoom = (request: HttpRequest) => void | Promise<void>;

const PASSED: Verdict = {};

/** Looks at an opening handshake in the order of RFC 6455 §4.2.1, then at the limits of channels. */
export function guardHandshake(findRoom: FindRoom, { origins }: WebSocketConfig, log: LogHolder): Guard {
  const check = new OriginCheck(origins, log);
  return (request) => {
    if (!KEY.test(request.header('sec-websocket-key') ?? ''))
      throw new BadRequestError('Sec-WebSocket-Key must be 16 bytes in Base64.');
    if (request.header('sec-websocket-version') !== '13')
      throw new HttpError(426, 'This server speaks version 13 of the WebSocket protocol.', { headers: WANTED });
    assertProtocols(request.header('sec-websocket-protocol'));
    check.assertAllowed(request);
    return letIn(findRoom, request);
  };
}

/** The verdict on a request for which there is room. @throws {HttpError} where there is none */
export function letIn(findRoom: FindRoom, request: HttpRequest): Verdict | Promise<Verdict> {
  return findRoom(request)?.then(() => PASSED) ?? PASSED;
}

/** Names, none of them twice (RFC 6455 §4.1). */
function assertProtocols(field: string | undefined): void {
  if (field === undefined) return;
  const names = field.split(',').map((name) => name.trim());
  if (!names.every(isToken) || new Set(names).size < names.length)
    throw new BadRequestError('Sec-WebSocket-Protocol must be a list of different names.');
}
