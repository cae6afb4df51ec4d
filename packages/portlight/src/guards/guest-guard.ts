import type { WebSocketConfig } from '../config/websocket-options.ts';
import type { LogHolder } from '../log.ts';
import type { Guard } from './guard.ts';
import { type FindRoom, letIn } from './handshake-guard.ts';
import { OriginCheck } from './origin-check.ts';

/**
 * Looks at an upgrade that a guest answers: its origin, then the limits of channels. The handshake is the guest's.
 *
 * @param allows which origins the guest lets in besides
 */
export function guardGuest(
  findRoom: FindRoom,
  { origins }: WebSocketConfig,
  log: LogHolder,
  allows: (origin: string) => boolean,
): Guard {
  const check = new OriginCheck(origins, log);
  return (request) => {
    const origin = request.header('origin');
    if (origin === undefined || !allows(origin)) check.assertAllowed(request);
    return letIn(findRoom, request);
  };
}
