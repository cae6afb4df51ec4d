import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ValueStore } from '../backplane/value-store.ts';
import { DEFAULTS } from '../defaults.ts';
import { UnauthorizedError } from '../errors/http-error.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { BridgeSecrets } from './bridge-options.ts';

const TIMESTAMP = /^\d{1,12}$/;
const NONCE = /^[!-~]{16,128}$/;
const SIGNATURE = /^v1=([0-9a-f]{64})$/;

/**
 * Who publishes: the secret itself as a bearer token (RFC 6750), or a signature made with it.
 *
 * A signature is the HMAC-SHA256 over the timestamp in seconds, the nonce, the method, the path and the SHA-256 of the
 * body in hex, a line each. It holds for five minutes, and its nonce once, in all processes together.
 *
 * @throws {UnauthorizedError} 401, which says what is wrong with it
 */
export async function authenticate(request: HttpRequest, secrets: BridgeSecrets, nonces: ValueStore): Promise<void> {
  const authorization = request.header('authorization');
  if (authorization === undefined) return checkSignature(request, secrets, nonces);
  const token = /^bearer +(.+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw refused('The Authorization field holds no bearer token.');
  if (!holds(secrets, token)) throw refused('The bearer token is no secret of this bridge.');
}

async function checkSignature(request: HttpRequest, secrets: BridgeSecrets, nonces: ValueStore): Promise<void> {
  const name = field(request, 'Portlight-Key');
  const timestamp = field(request, 'Portlight-Timestamp', TIMESTAMP, 'seconds since 1970');
  const nonce = field(request, 'Portlight-Nonce', NONCE, '16 to 128 characters, each time others');
  const signature = field(request, 'Portlight-Signature', SIGNATURE, 'v1= and 64 digits in hex');
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > DEFAULTS.signatureSeconds)
    throw refused(`The timestamp is more than ${DEFAULTS.signatureSeconds} seconds from the clock of the server.`);
  const body = createHash('sha256')
    .update(await request.bytes())
    .digest('hex');
  const text = [timestamp, nonce, request.method, request.path, body].join('\n');
  const secret = secrets.get(name);
  // One that is unknown takes as long.
  const expected = createHmac('sha256', secret ?? name)
    .update(text)
    .digest();
  const given = Buffer.from(signature.slice('v1='.length), 'hex');
  if (!timingSafeEqual(expected, given) || secret === undefined)
    throw refused('The signature is not that of this request by the secret that it names.');
  // Longer than any timestamp holds that came with it.
  const isFirst = await nonces.claim(`bridge ${name} ${nonce}`, DEFAULTS.signatureSeconds * 2_000 + 1_000);
  if (!isFirst) throw refused('The nonce was used before.');
}

/** One field of a signed request. */
function field(request: HttpRequest, name: string, form?: RegExp, what?: string): string {
  const value = request.header(name.toLowerCase());
  if (value === undefined)
    throw refused(`Neither Authorization nor a complete signature came: the field ${name} is missing.`);
  if (form !== undefined && !form.test(value)) throw refused(`The field ${name} holds ${what}.`);
  return value;
}

/** All are compared, each in the same time whatever is in it. */
function holds(secrets: BridgeSecrets, token: string): boolean {
  const given = digest(token);
  let isOne = false;
  for (const secret of secrets.values()) if (timingSafeEqual(digest(secret), given)) isOne = true;
  return isOne;
}

function digest(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest();
}

function refused(message: string): UnauthorizedError {
  return new UnauthorizedError(message, { headers: { 'www-authenticate': 'Bearer realm="bridge"' } });
}
