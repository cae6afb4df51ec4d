import { type BusMessage, formatPosition, type Retention } from '../backplane/bus.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';
import type { LogHolder } from '../log.ts';
import { assertPattern } from './assert-pattern.ts';
import type { PublishOptions, PublishResult } from '../server-view.ts';
import { type BusDesk, isPublished } from './bus-desk.ts';
import { encodeMessage } from './encode-message.ts';
import { type InnerTopic, isInner } from './inner-topic.ts';
import { TopicRules } from './topic-rules.ts';
import { attempt } from './when-ready.ts';

/** How much of a topic is kept. */
export interface HistoryOptions {
  /** The last so many messages: 1 to 10,000. */
  readonly size: number;
  /**
   * For so long.
   *
   * @default until they are pushed out
   */
  readonly ttlMs?: number;
}

/** What is published, and what of it is kept. */
export class Publisher {
  readonly #shared: SharedState;
  readonly #desk: BusDesk;
  readonly #log: LogHolder;
  readonly #isIn: (channel: string, topic: string) => boolean;
  readonly #histories: TopicRules<Retention> = new TopicRules();

  /** @param isIn whether a channel of this process is in a topic */
  constructor(shared: SharedState, desk: BusDesk, log: LogHolder, isIn: (channel: string, topic: string) => boolean) {
    this.#shared = shared;
    this.#desk = desk;
    this.#log = log;
    this.#isIn = isIn;
  }

  publish(topic: string | InnerTopic, data: unknown, options: PublishOptions = {}): Promise<PublishResult> {
    const message = attempt(() => encodeMessage(topic, data, options));
    // Many do not wait for it, and a topic may be a client's words.
    if (message instanceof Promise) return this.#refuse(message);
    const published = this.#pass(message, options);
    this.#shared.own(published, NOT_PUBLISHED);
    return published;
  }

  history(topic: string, options: HistoryOptions): void {
    assertPattern('history', topic);
    if (typeof options !== 'object' || options === null)
      throw new ConfigError(`history needs how much to keep; write history(${JSON.stringify(topic)}, { size: 100 }).`);
    const { size, ttlMs } = options;
    assertWhole('size', size, DEFAULTS.maxHistorySize);
    if (ttlMs !== undefined) assertWhole('ttlMs', ttlMs, Number.MAX_SAFE_INTEGER);
    this.#histories.set(topic, { size, ttlMs });
  }

  /** Whether the topic has a history. */
  keeps(topic: string): boolean {
    return this.#historyOf(topic) !== undefined;
  }

  #historyOf(topic: string): Retention | undefined {
    return isInner(topic) ? undefined : this.#histories.find(topic);
  }

  async #pass(message: BusMessage, { id, ttlMs }: PublishOptions): Promise<PublishResult> {
    const { topic, except } = message;
    const history = this.#historyOf(topic);
    const keep = history && (ttlMs === undefined ? history : { ...history, freshMs: ttlMs });
    const { position, subscribers } = await this.#desk.ask(
      (bus) =>
        bus.publish(message, {
          keep,
          once: id === undefined ? undefined : { id, ttlMs: DEFAULTS.publishIdMs },
          isExceptThere: except !== undefined && this.#isIn(except, topic),
        }),
      isPublished,
    );
    return { id: id ?? (keep && formatPosition(position)), subscribers };
  }

  #refuse(refused: Promise<unknown>): Promise<never> {
    refused.catch((error: unknown) => this.#log.logger.warn({ err: error }, NOT_PUBLISHED));
    return refused as Promise<never>;
  }
}

const NOT_PUBLISHED = 'Something was not published.';

function assertWhole(name: string, value: unknown, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new ConfigError(
    `The option ${name} of history is a whole number from 1 to ${most}, not ${String(value)}.`,
    'ERR_PORTLIGHT_INVALID_OPTION',
  );
}
