import type { ServerView } from '../../src/server-view.ts';
import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions, type Socket } from 'node:net';
import type { Admission } from '../../src/backplane/admission.ts';
import { SharedState } from '../../src/backplane/shared-state.ts';
import { ChannelRegistry } from '../../src/channels/channel-registry.ts';
import { ClientRegistry } from '../../src/clients/client-registry.ts';
import { DEFAULT_SERVER_CONFIG, resolveServerConfig } from '../../src/config/server-options.ts';
import { GuardSet } from '../../src/guards/guard-set.ts';
import { Hub } from '../../src/hub/hub.ts';
import type { ServerOptions } from '../../src/index.ts';
import { Pipeline } from '../../src/pipeline.ts';
import { bookOf } from '../../src/router.ts';
import { Edge, type EdgeOptions } from '../../src/socket/edge.ts';
import { EVERYBODY_AT_ONCE } from '../../src/turns/everybody-at-once.ts';
import { RecordingLogger } from './recording-logger.ts';
import { TestRouter } from './test-router.ts';

/** An edge that does not listen, and a `net.Server` of the test that feeds it, until its block is left. */
export interface OpenEdge extends AsyncDisposable {
  readonly edge: Edge;
  readonly registry: ChannelRegistry;
  readonly port: number;
  readonly log: RecordingLogger;
  /** How many sockets the edge said have ended. */
  readonly ended: () => number;
}

export interface OpenEdgeOptions extends ServerOptions {
  readonly admission?: Admission;
  readonly channelAdmission?: Admission;
  /** What the test's server does with a socket. @default gives it to the edge at once */
  readonly feed?: (edge: Edge, socket: Socket) => void;
  /** Where the test's server listens. @default any port of 127.0.0.1 */
  readonly at?: ListenOptions;
  readonly pauseOnConnect?: boolean;
}

export async function openEdge(
  register: (router: TestRouter) => unknown,
  { admission, channelAdmission, feed, at, pauseOnConnect = false, ...options }: OpenEdgeOptions = {},
): Promise<OpenEdge> {
  const logger = new RecordingLogger();
  const log = { logger, verbose: true };
  const router = new TestRouter();
  register(router);
  const config = resolveServerConfig(DEFAULT_SERVER_CONFIG, options);
  const shared = new SharedState(log);
  const hub = new Hub(shared, log);
  const guards = new GuardSet(shared, new ClientRegistry(shared, log));
  const registry = new ChannelRegistry(config.channels, channelAdmission);
  const pipeline = new Pipeline(
    bookOf(router).registrations,
    guards,
    { hub, registry, config: config.channels, turns: EVERYBODY_AT_ONCE, log },
    config,
    log,
  );
  let ended = 0;
  const view = {
    getId: () => 0,
    getAddress: () => ({ address: '127.0.0.1', port: 0 }),
    isConnected: () => true,
  } as ServerView;
  const onEnd = (): void => void (ended += 1);
  const edgeOptions: EdgeOptions = { listener: null, admission, onEnd };
  const edge = new Edge(pipeline, config, view, log, edgeOptions);
  edge.open();
  const listener = createServer({ pauseOnConnect }, (socket) =>
    feed === undefined ? edge.take(socket) : feed(edge, socket),
  );
  listener.listen(at ?? { port: 0, host: '127.0.0.1' });
  await once(listener, 'listening');
  const address = listener.address() as AddressInfo | string;
  return {
    edge,
    registry,
    log: logger,
    port: typeof address === 'string' ? 0 : address.port,
    ended: () => ended,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      registry.stop();
      edge.terminate();
      await edge.drain();
      edge.close();
    },
  };
}
