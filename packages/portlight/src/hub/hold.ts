import type { PassedMessage } from '../backplane/bus.ts';
import { DEFAULTS } from '../defaults.ts';
import { announceGap } from './announce-gap.ts';
import type { Publication } from './publication.ts';
import type { Delivery, Subscription } from './subscription.ts';

/** What a message takes in memory beside its payload, about. */
const MESSAGE_BYTES = 512;

/**
 * What arrives for some subscriptions while they wait for something that comes before it. Where that is too much, it is
 * dropped, and a gap takes its place.
 */
export class Hold {
  readonly #subscriptions: readonly Subscription[];
  #waiting: Delivery[] = [];
  #bytes = 0;
  #last: Publication | undefined;
  #isReleasing = false;

  constructor(subscriptions: readonly Subscription[]) {
    this.#subscriptions = subscriptions;
    for (const subscription of subscriptions) subscription.hold(this);
  }

  add(delivery: Delivery): void {
    const { publication } = delivery;
    // One publication for many is there once.
    if (publication !== this.#last) this.#bytes += sizeOf(publication);
    this.#last = publication;
    this.#waiting.push(delivery);
    if (this.#bytes > DEFAULTS.maxHeldBytes && !this.#isReleasing) this.#drop();
  }

  /** Delivers what has waited, and lets what follows go its way. */
  release(): void {
    this.#isReleasing = true;
    // Grows while it is walked through, when what is delivered leads to something published.
    for (const { subscription, publication, isGap } of this.#waiting) subscription.deliverNew(publication, isGap, true);
    for (const subscription of this.#subscriptions) subscription.hold(undefined);
  }

  #drop(): void {
    const dropped = new Map<Subscription, Publication>();
    for (const { subscription, publication } of this.#waiting) dropped.set(subscription, publication);
    this.#waiting = [...dropped].map(([subscription, { topic, place }]) => ({
      subscription,
      publication: announceGap(topic, undefined, place),
      isGap: true,
    }));
    this.#bytes = 0;
  }
}

/** What it takes in memory, about. */
export function sizeOf({ payload }: Pick<PassedMessage, 'payload'>): number {
  return MESSAGE_BYTES + (typeof payload === 'string' ? payload.length : payload.byteLength);
}
