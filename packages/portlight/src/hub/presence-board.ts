import type { ChannelPresence, MemberChange } from '../backplane/bus.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { LogHolder } from '../log.ts';
import { assertPattern } from './assert-pattern.ts';
import type { BusDesk } from './bus-desk.ts';
import { type InnerTopic, isInner } from './inner-topic.ts';
import { parseTopic } from './parse-topic.ts';
import type { Publisher } from './publisher.ts';
import type { Subscription } from './subscription.ts';
import { TopicRules } from './topic-rules.ts';
import type { Presence } from '../server-view.ts';
import { attempt } from './when-ready.ts';

type MaybePromise<T> = T | Promise<T>;

/** A member came with its first channel, or left with its last. */
export interface PresenceChange {
  readonly topic: string;
  readonly kind: 'joined' | 'left';
  readonly member: string;
  readonly info: unknown;
}

export type PresenceHandler = (change: PresenceChange) => unknown;

/** Who is where: says so of the subscriptions of this process, and tells the app of changes. */
export class PresenceBoard {
  readonly #shared: SharedState;
  readonly #desk: BusDesk;
  readonly #publisher: Publisher;
  readonly #log: LogHolder;
  readonly #handlers: TopicRules<PresenceHandler[]> = new TopicRules();

  constructor(shared: SharedState, desk: BusDesk, publisher: Publisher, log: LogHolder) {
    this.#shared = shared;
    this.#desk = desk;
    this.#publisher = publisher;
    this.#log = log;
  }

  list(topic: string | InnerTopic): Promise<readonly Presence[]> {
    const name = attempt(() => parseTopic(topic));
    if (name instanceof Promise) {
      name.catch((error: unknown) => this.#log.logger.warn({ err: error }, NOT_LISTED));
      return name as Promise<never>;
    }
    const listed = this.#list(name);
    this.#shared.own(listed, NOT_LISTED);
    return listed;
  }

  onPresence(topic: string, handler: PresenceHandler): void {
    assertPattern('onPresence', topic);
    if (typeof handler !== 'function') throw new ConfigError('onPresence needs a function.');
    this.#handlers.set(topic, [...(this.#handlers.get(topic) ?? []), handler]);
  }

  enter(subscription: Subscription): MaybePromise<void> {
    if (subscription.isOver || subscription.member === undefined) return;
    subscription.isPresent = true;
    const [presence] = this.of(subscription);
    return presence && this.#desk.ask((bus) => bus.enter(presence));
  }

  exit(subscription: Subscription): MaybePromise<void> {
    const { topic, subscriber, member, isPresent } = subscription;
    if (!isPresent || member === undefined) return;
    subscription.isPresent = false;
    return this.#desk.ask((bus) => bus.exit(topic, member, subscriber.id));
  }

  /** What the bus is told of a subscription: nothing, where it is not in presence. */
  of({ topic, subscriber, member, info, isPresent }: Subscription): readonly ChannelPresence[] {
    if (!isPresent || member === undefined) return [];
    return [{ topic, member, channel: subscriber.id, info, remember: this.#publisher.keeps(topic) }];
  }

  /** @returns a promise for when all handlers have; nothing where there are none */
  tell({ topic, kind, member, info }: MemberChange): void | Promise<void> {
    const handlers = isInner(topic) ? [] : this.#handlers.findAll(topic).flat();
    if (handlers.length === 0) return;
    const change = { topic, kind, member, info: decodeInfo(info) };
    return Promise.all(handlers.map((handler) => this.#call(handler, change))).then(() => {});
  }

  async #list(topic: string): Promise<readonly Presence[]> {
    const members = await this.#desk.ask((bus) => bus.presence(topic), Array.isArray);
    return members.map(({ member, info, channels, joinedAt }) => ({
      member,
      info: decodeInfo(info),
      channels,
      joinedAt,
    }));
  }

  async #call(handler: PresenceHandler, change: PresenceChange): Promise<void> {
    try {
      await handler(change);
    } catch (error) {
      this.#log.logger.error(
        { err: error, topic: change.topic, member: change.member, kind: change.kind },
        'A presence handler failed.',
      );
    }
  }
}

const NOT_LISTED = 'Who is in a topic could not be said.';

function decodeInfo(info: string | undefined): unknown {
  return info === undefined ? undefined : JSON.parse(info);
}
