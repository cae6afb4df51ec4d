import type { Delivery, Subscription } from './subscription.ts';

/** What arrives for some subscriptions while they wait for something that comes before it. */
export class Hold {
  readonly #subscriptions: readonly Subscription[];
  readonly #waiting: Delivery[] = [];

  constructor(subscriptions: readonly Subscription[]) {
    this.#subscriptions = subscriptions;
    for (const subscription of subscriptions) subscription.hold(this);
  }

  add(delivery: Delivery): void {
    this.#waiting.push(delivery);
  }

  /** Delivers what has waited, and lets what follows go its way. */
  release(): void {
    // Grows while it is walked through, when what is delivered leads to something published.
    for (const { subscription, publication, isGap } of this.#waiting) subscription.deliverNew(publication, isGap);
    for (const subscription of this.#subscriptions) subscription.hold(undefined);
  }
}
