import type { WebSocketConfig } from '../config/websocket-options.ts';
import type { LogHolder } from '../log.ts';
import type { Guard } from './guard.ts';
import { type FindRoom, letIn } from './handshake-guard.ts';
import { OriginCheck } from './origin-check.ts';

/** Looks at an upgrade that a guest answers: its origin, then the limits of channels. The handshake is the guest's. */
export function guardGuest(findRoom: FindRoom, { origins }: WebSocketConfig, log: LogHolder): Guard {
  const check = new OriginCheck(origins, log);
  return (request) => {
    check.assertAllowed(request);
    return letIn(findRoom, request);
  };
}
