import { isUpTo, type PassedMessage, type Position } from '../backplane/bus.ts';
import { DEFAULTS } from '../defaults.ts';
import { sizeOf } from './hold.ts';
import { Publication } from './publication.ts';
import type { Subscription } from './subscription.ts';

const NOBODY: ReadonlySet<Subscription> = new Set();

/** Who makes up for what does not arrive. */
export interface Mender {
  /** Messages behind `seen` and up to `to` will not arrive. Called before those that follow. */
  mend(room: Room, seen: Position, to: Position): void;
}

/** The subscriptions to one topic in this process, and how far it has seen the topic. */
export class Room {
  readonly topic: string;
  readonly subscriptions: Set<Subscription> = new Set();
  readonly #mender: Mender;
  #byMember: Map<string, Set<Subscription>> | undefined;
  /** Up to where nothing more has to arrive; `undefined` until the bus has said where the topic stands. */
  #seen: Position | undefined;
  /** What arrived before that. */
  #early: PassedMessage[] = [];
  #earlyBytes = 0;
  /** Where the last one of those stands for which there was no room: as if it had not arrived. */
  #skipped: Position | undefined;

  constructor(topic: string, mender: Mender) {
    this.topic = topic;
    this.#mender = mender;
  }

  add(subscription: Subscription): void {
    this.subscriptions.add(subscription);
    const { member } = subscription;
    if (member === undefined) return;
    this.#byMember ??= new Map();
    const same = this.#byMember.get(member) ?? new Set<Subscription>();
    this.#byMember.set(member, same.add(subscription));
  }

  delete(subscription: Subscription): void {
    this.subscriptions.delete(subscription);
    const { member } = subscription;
    const same = member === undefined ? undefined : this.#byMember?.get(member);
    if (member === undefined || same === undefined) return;
    same.delete(subscription);
    if (same.size === 0) this.#byMember?.delete(member);
  }

  /** The bus says where the topic stands: what is behind that arrives. */
  open(standing: Position): void {
    if (this.#seen !== undefined) return;
    this.#seen = standing;
    const [early, skipped] = [this.#early, this.#skipped];
    this.#early = [];
    this.#skipped = undefined;
    if (skipped !== undefined) this.reach(skipped);
    for (const message of early) this.receive(message);
  }

  receive(message: PassedMessage): void {
    if (this.#seen === undefined) {
      this.#keepEarly(message);
      return;
    }
    if (message.isAside !== true) {
      const { position, prev } = message;
      if (isUpTo(position, this.#seen)) return;
      this.reach({ epoch: position.epoch, seq: prev });
      this.#seen = position;
    }
    const publication = new Publication(message);
    const { except } = message;
    const subscriptions = message.user === undefined ? this.subscriptions : this.#named(message.user);
    for (const subscription of subscriptions)
      if (except === undefined || subscription.subscriber.id !== except) subscription.take(publication);
  }

  /** All up to there was passed on; what of it is not here will not arrive. */
  reach(to: Position): void {
    const seen = this.#seen;
    if (seen === undefined || isUpTo(to, seen)) return;
    this.#seen = to;
    this.#mender.mend(this, seen, to);
  }

  #keepEarly(message: PassedMessage): void {
    this.#early.push(message);
    this.#earlyBytes += sizeOf(message);
    if (this.#earlyBytes <= DEFAULTS.maxHeldBytes) return;
    this.#early = [];
    this.#earlyBytes = 0;
    this.#skipped = message.position;
  }

  #named(member: string): ReadonlySet<Subscription> {
    return this.#byMember?.get(member) ?? NOBODY;
  }
}
