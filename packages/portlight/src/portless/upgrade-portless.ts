import type { MessageWire } from '../channels/message-wire.ts';
import { giveUpChannel } from '../handlers/accept-upgrade.ts';
import { type LentHandshake, upgradeOf } from '../handlers/takeover.ts';
import type { Pipeline } from '../pipeline.ts';
import { controls, HttpRequest } from '../request/http-request.ts';
import type { RequestRules } from '../request/request-source.ts';
import type { ServerView } from '../server-view.ts';
import { toSource, toTarget } from './standard-source.ts';
import { toStandardResponse } from './standard-response.ts';

/**
 * An upgrade to WebSocket without a socket: the answer, and where it is 101, what begins to speak over a wire.
 *
 * @param path a target as `fetchPortless` takes it
 */
export async function upgradePortless(
  pipeline: Pipeline,
  view: ServerView,
  rules: RequestRules,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly response: Response | undefined; open(wire: MessageWire): void }> {
  const target = toTarget(path);
  const standard = new Request(`http://localhost/`, { headers });
  for (const [name, value] of HANDSHAKE) if (!standard.headers.has(name)) standard.headers.set(name, value);
  const kind = {
    isUpgrade: pipeline.takesUpgrade(target, 'websocket'),
    needsNode: pipeline.needsNode('GET', target),
  };
  const request = new HttpRequest(toSource(standard, new URL(standard.url), target, kind), view, rules);
  const response = await pipeline.respond(request);
  if (response.status !== 101) {
    giveUpChannel(request);
    return { response: toStandardResponse(response, 'GET', () => controls.release(request)), open: () => {} };
  }
  // Who asks for more than a wire was refused above.
  const open = (wire: MessageWire): unknown =>
    upgradeOf(request)?.({ toWebSocket: (begin) => begin(wire) } as LentHandshake);
  return { response: undefined, open };
}

const HANDSHAKE = [
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['sec-websocket-version', '13'],
] as const;
