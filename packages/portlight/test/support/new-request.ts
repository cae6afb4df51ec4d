import { HttpRequest } from '../../src/request/http-request.ts';
import type { RequestSource } from '../../src/request/request-source.ts';
import type { ServerView } from '../../src/server-view.ts';

/** What a request alone is asked of its server. */
const VIEW = {
  getId: () => 1,
  getAddress: () => ({ address: '127.0.0.1', port: 8080 }),
  isConnected: () => true,
} as ServerView;

/** A request without a server, `GET /` with a Host unless the fields say more. */
export function newRequest(fields: Partial<RequestSource> = {}): HttpRequest {
  const source: RequestSource = {
    method: 'GET',
    target: '/',
    rawHeaders: ['Host', 'example.com'],
    rawTrailers: [],
    address: '192.0.2.1',
    port: 50_000,
    secure: false,
    body: undefined,
    raw: undefined,
    isUpgrade: false,
    refusal: undefined,
    ...fields,
  };
  return new HttpRequest(source, VIEW);
}
