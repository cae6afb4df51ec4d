import type { WebSocketConfig } from '../config/websocket-options.ts';
import { BadRequestError, ForbiddenError, HttpError } from '../errors/http-error.ts';
import { isToken } from '../fields/header-syntax.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { Guard } from './guard.ts';

/** 16 bytes in Base64 (RFC 6455 §4.1). */
const KEY = /^[+/0-9A-Za-z]{21}[AQgw]==$/;
const WANTED = { upgrade: 'websocket', 'sec-websocket-version': '13' };

/** Where channels are counted. */
interface Room {
  /** @throws {HttpError} when no more may be opened by this address */
  assertRoom(ip: string): void;
}

/** Looks at an opening handshake in the order of RFC 6455 §4.2.1, then at the limits of channels. */
export function guardHandshake(room: Room, { origins }: WebSocketConfig): Guard {
  return (request) => {
    if (!KEY.test(request.header('sec-websocket-key') ?? '')) throw new BadRequestError('Sec-WebSocket-Key must be 16 bytes in Base64.');
    if (request.header('sec-websocket-version') !== '13') throw new HttpError(426, 'This server speaks version 13 of the WebSocket protocol.', { headers: WANTED });
    assertProtocols(request.header('sec-websocket-protocol'));
    assertOrigin(request, origins);
    room.assertRoom(request.ip);
    return {};
  };
}

/** Names, none of them twice (RFC 6455 §4.1). */
function assertProtocols(field: string | undefined): void {
  if (field === undefined) return;
  const names = field.split(',').map((name) => name.trim());
  if (!names.every(isToken) || new Set(names).size < names.length) throw new BadRequestError('Sec-WebSocket-Protocol must be a list of different names.');
}

/** A page of another origin must not act for the user of a browser (RFC 6455 §10.2). Others than browsers send no Origin. */
function assertOrigin(request: HttpRequest, origins: readonly string[] | undefined): void {
  const origin = request.header('origin');
  if (origin === undefined) return;
  const isAllowed = origins === undefined ? URL.canParse(origin) && new URL(origin).host === request.url.host : origins.includes(origin.toLowerCase());
  if (!isAllowed) throw new ForbiddenError('Pages of this origin may not connect.');
}
