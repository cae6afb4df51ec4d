import type { SharedState } from '../backplane/shared-state.ts';
import type { LogHolder } from '../log.ts';
import { BusDesk, isPosition } from './bus-desk.ts';
import type { Presence, PublishOptions, PublishResult } from '../server-view.ts';
import type { InnerTopic } from './inner-topic.ts';
import { Joining } from './joining.ts';
import { Mending } from './mending.ts';
import { assertJoin, type JoinOptions, type TopicJoin } from './parse-join.ts';
import { parseTopic } from './parse-topic.ts';
import { PresenceBoard, type PresenceHandler } from './presence-board.ts';
import { type HistoryOptions, Publisher } from './publisher.ts';
import type { Subscriber } from './subscriber.ts';
import { whenReady } from './when-ready.ts';

export type { JoinOptions } from './parse-join.ts';
export type { PresenceChange } from './presence-board.ts';

/**
 * Topics: who is in them, what they get, and who knows of it.
 *
 * A subscriber gets the messages of a topic in the order in which the bus passes them on, each once. What has an answer
 * at once is done at once, and then nothing is a promise. A promise that rejects is logged too: nobody has to wait for
 * it.
 */
export class Hub {
  readonly #shared: SharedState;
  readonly #desk: BusDesk;
  readonly #publisher: Publisher;
  readonly #board: PresenceBoard;
  readonly #joining: Joining;

  constructor(shared: SharedState, log: LogHolder) {
    const desk = new BusDesk(shared);
    const publisher = new Publisher(shared, desk, log, (channel, topic) => joining.isIn(channel, topic));
    const board = new PresenceBoard(shared, desk, publisher, log);
    const joining = new Joining({ shared, desk, publisher, board, mending: new Mending(shared, desk, publisher), log });
    this.#shared = shared;
    this.#desk = desk;
    this.#publisher = publisher;
    this.#board = board;
    this.#joining = joining;
    shared.receive({
      receive: (message) => joining.rooms.get(message.topic)?.receive(message),
      memberChanged: (change) => board.tell(change),
      interrupted: () => this.#restate(),
    });
  }

  /** What is held here of topics, and of subscribers that are in some or want to be. */
  get sizes(): { readonly topics: number; readonly subscribers: number } {
    return { topics: this.#joining.rooms.size, subscribers: this.#joining.subscribers };
  }

  /**
   * Joins, replays what `since` asks for before anything live, and is then in presence. Where something of it may be
   * missing, a gap comes first: an event `portlight.gap` with `{ topic, since }`, or the handler `gap` of a WebSocket.
   * Joining again only changes member and info.
   *
   * @returns a promise only where something has to be waited for; it rejects with a `ServiceUnavailableError` when the
   *   bus fails, or does not answer within a second. Then nothing is joined yet: it is when the bus works again, behind
   *   a gap, until `leave` says that nobody wants it
   * @throws {BadRequestError} `ERR_PORTLIGHT_INVALID_TOPIC`
   * @throws {ForbiddenError} `ERR_PORTLIGHT_TOO_MANY_TOPICS`
   * @throws {ReplyError} `ERR_PORTLIGHT_INVALID_PUBLICATION`, when `info` is no JSON
   * @throws {ConfigError} for options that are none, or when `since` is `'left'` and there is no `member`
   */
  join(subscriber: Subscriber, topic: string, options: JoinOptions = {}): Promise<void> | void {
    assertJoin(topic, options);
    return this.joinAll(subscriber, [topic], options);
  }

  /**
   * Joins several topics, or none of them where that fails. What they replay comes in one order, that of the positions:
   * a client that is cut off in between may take up all of them behind the last position it saw.
   */
  joinAll(
    subscriber: Subscriber,
    topics: readonly (string | TopicJoin)[],
    options: JoinOptions = {},
  ): Promise<void> | void {
    return this.#owned(this.#joining.joinAll(subscriber, topics, options), 'A topic was not joined.');
  }

  /** Does nothing where it is not in the topic. */
  leave(subscriber: Pick<Subscriber, 'id'>, topic: string | InnerTopic): Promise<void> | void {
    const name = typeof topic === 'string' ? topic : topic.name;
    return this.#owned(this.#joining.leave(subscriber, name), NOT_LEFT);
  }

  /** The subscriber is gone; nobody waits for what that leads to. */
  leaveAll(subscriber: Subscriber): void {
    this.#shared.own(this.#joining.leaveAll(subscriber), NOT_LEFT);
  }

  /** In the order of joining. */
  topicsOf(subscriber: Subscriber): readonly string[] {
    return this.#joining.topicsOf(subscriber);
  }

  /**
   * Sends to all channels in the topic. What is published in one process reaches its channels in the order of the
   * calls.
   *
   * Rejects with a `BadRequestError` `ERR_PORTLIGHT_INVALID_TOPIC`, or a `ReplyError`
   * `ERR_PORTLIGHT_INVALID_PUBLICATION` for what has no JSON form; then nobody gets it.
   *
   * @param data a string or bytes, which leave as they are, or anything JSON
   */
  publish(topic: string | InnerTopic, data: unknown, options: PublishOptions = {}): Promise<PublishResult> {
    return this.#publisher.publish(topic, data, options);
  }

  /** Who is in the topic, in all processes, the first comer first. */
  presence(topic: string | InnerTopic): Promise<readonly Presence[]> {
    return this.#board.list(topic);
  }

  /**
   * Runs once for each change, in one process. What it throws is logged.
   *
   * @param topic a topic, or a prefix that ends in `*`
   */
  onPresence(topic: string, handler: PresenceHandler): void {
    this.#board.onPresence(topic, handler);
  }

  /**
   * Keeps the last messages from now on. Where several patterns take a topic, the narrowest counts: its name, else its
   * longest prefix.
   *
   * @param topic a topic, or a prefix that ends in `*`
   * @throws {ConfigError} for a value out of range
   */
  history(topic: string, options: HistoryOptions): void {
    this.#publisher.history(topic, options);
  }

  /** Whether the topic has a history. */
  keeps(topic: string): boolean {
    return this.#publisher.keeps(parseTopic(topic));
  }

  /** The bus can be reached again: it hears all that is here, and says what did not arrive. */
  #restate(): void {
    const rooms = [...this.#joining.rooms.values()];
    const state = {
      interests: rooms.map(({ topic, subscriptions }) => ({ topic, channels: subscriptions.size })),
      presences: rooms.flatMap(({ subscriptions }) => [...subscriptions].flatMap((each) => this.#board.of(each))),
    };
    const restated = whenReady(
      this.#desk.ask((bus) => bus.restate(state), isStandings),
      (standings) => {
        for (const [topic, standing] of standings) this.#joining.rooms.get(topic)?.reach(standing);
      },
    );
    this.#shared.own(restated, 'The topics of this process could not be told anew after an interruption.');
    this.#joining.retry();
  }

  #owned<Outcome>(outcome: Outcome, sentence: string): Outcome {
    this.#shared.own(outcome, sentence);
    return outcome;
  }
}

const NOT_LEFT = 'A topic was not left.';

function isStandings(value: unknown): boolean {
  return value instanceof Map && [...value.values()].every(isPosition);
}
