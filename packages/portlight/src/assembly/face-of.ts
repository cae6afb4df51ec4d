import type { ParsedAddress } from '../config/address.ts';
import type { ServerConfig } from '../config/server-options.ts';
import type { ClientRegistry } from '../clients/client-registry.ts';
import type { Hub } from '../hub/hub.ts';
import type { Life } from '../lifecycle/life.ts';
import type { LogHolder } from '../log.ts';
import type { Pipeline } from '../pipeline.ts';
import { fetchPortless } from '../portless/fetch-portless.ts';
import type { Runner } from '../runners/runner.ts';
import type { ServerView } from '../server-view.ts';

/** The parts of a server that its requests can ask. */
interface FacedParts {
  readonly id: number;
  readonly at: ParsedAddress;
  readonly config: ServerConfig;
  readonly life: Life<Runner>;
  readonly log: LogHolder;
  readonly hub: Hub;
  readonly clients: ClientRegistry;
  readonly pipeline: Pipeline;
}

/** The server as its requests see it. The parts may change; the face stays. */
export function faceOf(parts: FacedParts): ServerView {
  const { hub, clients, log } = parts;
  const face: ServerView = {
    getId: () => parts.id,
    getAddress: () => {
      const { address, port } = parts.life.service?.address ?? parts.at;
      return { address, port };
    },
    isConnected: () => parts.life.service?.isListening ?? false,
    publish: (topic, data, options) => hub.publish(topic, data, options),
    presence: (topic) => hub.presence(topic),
    clients: {
      list: () => clients.list(),
      get: (id) => clients.get(id),
      has: (id) => clients.has(id),
      count: () => clients.count(),
    },
    fetch: (input, init) => fetchPortless(parts.pipeline, face, parts.config.rules, input, init),
    log: {
      debug: (fields, message) => log.logger.debug(fields, message),
      info: (fields, message) => log.logger.info(fields, message),
      warn: (fields, message) => log.logger.warn(fields, message),
      error: (fields, message) => log.logger.error(fields, message),
    },
  };
  // All requests have the same one.
  for (const part of [face.clients, face.log]) Object.freeze(part);
  return Object.freeze(face);
}
