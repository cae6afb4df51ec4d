import { isUpTo, type Position, type Replay } from '../backplane/bus.ts';
import type { LogHolder } from '../log.ts';
import { announceGap } from './announce-gap.ts';
import type { Hold } from './hold.ts';
import { Publication } from './publication.ts';
import type { Subscriber } from './subscriber.ts';

/** A publication on its way to a subscriber. */
export interface Delivery {
  readonly subscription: Subscription;
  readonly publication: Publication;
  /** Whether it says that something may be missing, rather than what was published. */
  readonly isGap: boolean;
}

/** One subscriber in one topic: what it gets, and in which order. */
export class Subscription {
  readonly subscriber: Subscriber;
  readonly topic: string;
  readonly #log: LogHolder;
  /** By which presence and `user` know it. */
  member: string | undefined;
  /** JSON text. */
  info: string | undefined;
  /** Up to where the topic is older than the join; `undefined` until the bus has said so. */
  from: Position | undefined;
  /** Whether presence was told of it. */
  isPresent = false;
  isOver = false;
  /** Settles when the join is complete; `undefined` once it is. */
  joining: Promise<void> | undefined;
  /** Where what arrives waits for what comes before it. */
  #hold: Hold | undefined;
  /** Up to where a replay went. What it held may come once more, where live messages take another way. */
  #replayed: Position | undefined;

  constructor(
    subscriber: Subscriber,
    topic: string,
    member: string | undefined,
    info: string | undefined,
    log: LogHolder,
  ) {
    this.subscriber = subscriber;
    this.topic = topic;
    this.member = member;
    this.info = info;
    this.#log = log;
  }

  get isHeld(): boolean {
    return this.#hold !== undefined;
  }

  /** What arrives from here on waits there, until it is given `undefined`. */
  hold(hold: Hold | undefined): void {
    this.#hold = hold;
  }

  /** What arrives. */
  take(publication: Publication, isGap = false): void {
    if (this.#hold === undefined) this.deliverNew(publication, isGap);
    else this.#hold.add({ subscription: this, publication, isGap });
  }

  /** Only what is behind the join, and what no replay held. */
  deliverNew(publication: Publication, isGap: boolean, isLate: boolean = false): void {
    const { place, isKept } = publication;
    if (isKept || isGap ? !this.has(place) : !isUpTo(place, this.from)) this.deliver(publication, isGap, isLate);
  }

  /** Whether all up to there is older than the join, or was in a replay. */
  has(place: Position): boolean {
    return isUpTo(place, this.from) || isUpTo(place, this.#replayed);
  }

  /**
   * What a replay is for this subscriber, in order; none of it is delivered again.
   *
   * @param since as the gap says it, if there is one
   */
  deliveriesOf({ gap, messages }: Replay, since: string): readonly Delivery[] {
    this.#replayed = messages.at(-1)?.position ?? this.#replayed;
    const deliveries = messages
      .filter(({ except, user }) => except !== this.subscriber.id && (user === undefined || user === this.member))
      .map((message): Delivery => ({ subscription: this, publication: new Publication(message), isGap: false }));
    return gap === undefined
      ? deliveries
      : [{ subscription: this, publication: announceGap(this.topic, since, gap), isGap: true }, ...deliveries];
  }

  /** What did not arrive, as far as it is not there already. */
  takeMissed({ gap, messages }: Replay, since: string): void {
    const missed = { gap, messages: messages.filter(({ position }) => !this.has(position)) };
    for (const { publication, isGap } of this.deliveriesOf(missed, since)) this.deliver(publication, isGap, true);
  }

  /** @param isLate whether it has waited for something, and others with it */
  deliver(publication: Publication, isGap: boolean, isLate: boolean = false): void {
    if (this.isOver) return;
    try {
      if (isGap) this.subscriber.miss(publication);
      else if (isLate) this.subscriber.replay(publication);
      else this.subscriber.deliver(publication);
    } catch (error) {
      this.#log.logger.error(
        { err: error, topic: this.topic, channel: this.subscriber.id },
        'A channel could not take a publication.',
      );
    }
  }
}
