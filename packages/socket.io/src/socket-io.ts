import { Server as EngineServer } from 'engine.io';
import type { HttpServer } from 'portlight';
import { hostGuest } from 'portlight/guests';
import { type DefaultEventsMap, type Namespace, Server } from 'socket.io';
import { allowedOrigins } from './allowed-origins.ts';
import { BusAdapter } from './cluster/bus-adapter.ts';
import { Cluster } from './cluster/cluster.ts';
import { makeProcessName, makeSessionId } from './forwarding/session-id.ts';
import { makeMeetingPlace, removeMeetingPlace, SiblingDoor } from './forwarding/sibling-door.ts';
import { parseOptions, type SocketIoOptions } from './parse-options.ts';
import { endSlowClients } from './slow-clients.ts';
import { SocketIoGuest } from './socket-io-guest.ts';

/** As socket.io has it: an interface of handlers by the names of events. */
// oxlint-disable-next-line typescript/no-explicit-any -- an interface fits no other record
type Events = Record<string, any>;

/**
 * A real Socket.IO server on the port of a server, beside its routes. Its path is a route: guards, middleware and
 * `onFinish` of the server are for it too. It begins and stops with the server, in every mode, and reaches the clients
 * of all processes.
 *
 * @throws {ConfigError} on a wrong option, a path that is another route's, or when the server has started
 * @example
 * const io = socketIo(server);
 * io.on('connection', (socket) => socket.on('chat', (text) => io.emit('chat', text)));
 */
export function socketIo<
  ListenEvents extends Events = DefaultEventsMap,
  EmitEvents extends Events = ListenEvents,
  ServerSideEvents extends Events = DefaultEventsMap,
  // oxlint-disable-next-line typescript/no-explicit-any -- as socket.io has it
  SocketData = any,
>(server: HttpServer, options?: SocketIoOptions): Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
  const { path, route, maxBackpressureBytes, own } = parseOptions(options);
  const host = hostGuest(server);
  const cluster = new Cluster(host, path, () =>
    [...io._nsps.values()].flatMap(({ adapter }) => (adapter instanceof BusAdapter ? [adapter] : [])),
  );
  const processName = makeProcessName();
  const engine = new EngineServer({ ...own, path } as ConstructorParameters<typeof EngineServer>[0]);
  endSlowClients(engine, { maxBackpressureBytes, areAllMessages: own.parser !== undefined });
  const io = new Server({
    adapter: function adapter(namespace: Namespace) {
      return new BusAdapter(namespace, cluster);
    } as never,
    ...own,
    path,
  });
  const guest = new SocketIoGuest({ host, io, engine, path, processName, allowsOrigin: allowedOrigins(own.cors) });
  host.admit(`socketIo(${JSON.stringify(path)})`, `${path}{/*rest}`, route, guest);
  io.bind(engine);
  const passes = (): boolean => host.mode === 'workers' && own.transports?.includes('polling') !== false;
  const door = new SiblingDoor(processName, engine);
  server.onPrimary(async () => {
    if (passes()) await makeMeetingPlace();
    if (host.mode === 'workers' || host.mode === 'forked') await cluster.open('asking');
  });
  server.onWorkerStart(async () => {
    guest.start();
    if (passes()) {
      engine.generateId = () => makeSessionId(processName);
      await door.open();
    }
    await cluster.open('serving');
  });
  server.onWorkerStop(async () => {
    cluster.close();
    await door.close();
  });
  server.onShutdown(async () => {
    cluster.close();
    await removeMeetingPlace();
  });
  return io as Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
}
