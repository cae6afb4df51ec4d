import type { GuestListener, GuestTopic } from 'portlight/guests';
import type { Namespace } from 'socket.io';
import {
  Adapter,
  type BroadcastOptions,
  ClusterAdapter,
  type ClusterMessage,
  type ClusterResponse,
  MessageType,
  type Room,
} from 'socket.io-adapter';
import type { Cluster } from './cluster.ts';
import { decodeMessage, encodeMessage } from './encode-message.ts';

/** What the base class hands on, without who says it. */
type Said = Parameters<ClusterAdapter['publish']>[0];

/**
 * The rooms of a namespace, in all processes: the bus of the server carries what they say to each other.
 *
 * What is done to the sockets of this process is done at once, as it is with one process, and not when the others have
 * been told.
 */
export class BusAdapter extends ClusterAdapter {
  readonly #cluster: Cluster;
  readonly #requests: GuestTopic;
  readonly #answers: GuestTopic;
  /** While it joins. */
  #joining: Promise<unknown> | undefined;

  constructor(namespace: Namespace, cluster: Cluster) {
    super(namespace);
    this.#cluster = cluster;
    this.#requests = cluster.topic(`#${namespace.name}`);
    this.#answers = cluster.topic(`@${this.uid}`);
  }

  /** A namespace may come into being while clients wait for it: then they wait until it hears the other processes. */
  override init(): void {
    void this.#cluster.join(this);
    if (this.#joining === undefined) return;
    const namespace = this.nsp as Namespace;
    namespace.use((_, next) => void (this.#joining ?? Promise.resolve()).then(() => next()));
  }

  override close(): void {
    this.#cluster.leave(this);
  }

  /** @param isServing whether it has sockets of its own, so that others ask it */
  async join(isServing: boolean): Promise<void> {
    const listener: GuestListener = { receive: (payload) => this.#receive(payload) };
    const joins = [this.#answers.join(listener)];
    if (isServing) joins.push(this.#requests.join(listener, this.uid));
    const joining = Promise.allSettled(joins);
    this.#joining = joining;
    await joining;
    if (this.#joining === joining) this.#joining = undefined;
  }

  async leave(): Promise<void> {
    await Promise.allSettled([this.#requests.leave(), this.#answers.leave()]);
  }

  /** How many processes have this namespace; more than can be where nobody knows: a part must not pass for all. */
  override async serverCount(): Promise<number> {
    if (this.#cluster.isAlone) return 1;
    try {
      const members = await this.#requests.members();
      return members.length + (members.includes(this.uid) ? 0 : 1);
    } catch {
      return Infinity;
    }
  }

  override broadcast(packet: unknown, opts: BroadcastOptions): Promise<void> {
    this.#tell(opts, { type: MessageType.BROADCAST, data: { packet, opts: plain(opts) } });
    Adapter.prototype.broadcast.call(this, packet, opts);
    return DONE;
  }

  override addSockets(opts: BroadcastOptions, rooms: Room[]): Promise<void> {
    this.#tell(opts, { type: MessageType.SOCKETS_JOIN, data: { opts: plain(opts), rooms } });
    Adapter.prototype.addSockets.call(this, opts, rooms);
    return DONE;
  }

  override delSockets(opts: BroadcastOptions, rooms: Room[]): Promise<void> {
    this.#tell(opts, { type: MessageType.SOCKETS_LEAVE, data: { opts: plain(opts), rooms } });
    Adapter.prototype.delSockets.call(this, opts, rooms);
    return DONE;
  }

  override disconnectSockets(opts: BroadcastOptions, close: boolean): Promise<void> {
    this.#tell(opts, { type: MessageType.DISCONNECT_SOCKETS, data: { opts: plain(opts), close } });
    Adapter.prototype.disconnectSockets.call(this, opts, close);
    return DONE;
  }

  protected override async doPublish(message: ClusterMessage): Promise<string> {
    if (!this.#cluster.isAlone) await this.#requests.publish(this.#encode(message));
    return '';
  }

  protected override async doPublishResponse(requester: string, response: ClusterResponse): Promise<void> {
    await this.#cluster.topic(`@${requester}`).publish(this.#encode(response));
  }

  #tell(opts: BroadcastOptions, message: Said): void {
    if (opts.flags?.local !== true && !this.#cluster.isAlone) this.publish(message);
  }

  /** @throws what has no JSON; socket.io drops that without a word */
  #encode(message: ClusterMessage | ClusterResponse): string | Uint8Array {
    try {
      return encodeMessage(message);
    } catch (error) {
      this.#cluster.log.error({ err: error, namespace: message.nsp }, 'Something has no JSON for the other processes.');
      throw error;
    }
  }

  #receive(payload: string | Uint8Array): void {
    try {
      this.onMessage(decodeMessage(payload) as ClusterMessage);
    } catch (error) {
      this.#cluster.log.error({ err: error }, 'What another process said to Socket.IO could not be seen to.');
    }
  }
}

const DONE: Promise<void> = Promise.resolve();

function plain({ rooms, except, flags = {} }: BroadcastOptions) {
  return { rooms: [...rooms], except: [...(except ?? [])], flags };
}
