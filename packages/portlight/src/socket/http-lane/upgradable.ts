import type { IncomingMessage } from 'node:http';
import { nodeHttp } from '../node-http.ts';

const offered: WeakSet<IncomingMessage> = new WeakSet();

/**
 * A class of messages by which node:http asks before it takes a request for an upgrade. Without it every request that
 * offers another protocol would be taken off HTTP as soon as there is one WebSocket route.
 */
export function upgradable(takesUpgrade: (message: IncomingMessage) => boolean): typeof IncomingMessage {
  return class extends nodeHttp.IncomingMessage {
    /** Written by the parser, then read by the server, which writes back what it makes of it. */
    get upgrade(): boolean {
      return offered.has(this) && (this.method === 'CONNECT' || takesUpgrade(this));
    }

    /** The constructor of the base writes it as well. */
    set upgrade(isOffered: boolean) {
      if (isOffered) offered.add(this);
      else offered.delete(this);
    }
  };
}
