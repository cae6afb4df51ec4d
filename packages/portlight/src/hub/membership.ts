import type { Position, Replay } from '../backplane/bus.ts';
import type { LogHolder } from '../log.ts';
import type { Member } from './member.ts';
import { Publication } from './publication.ts';

/** One member in one topic: what it gets, and in which order. */
export class Membership {
  readonly member: Member;
  readonly topic: string;
  /** The delivery during which it began, or behind which: what was published before is not for it. */
  readonly birth: number;
  readonly #log: LogHolder;
  /** By which presence and `user` know it. */
  name: string | undefined;
  /** JSON text. */
  info: string | undefined;
  /** Whether presence was told of it. */
  isPresent = false;
  isOver = false;
  /** Settles when the join is complete; `undefined` once it is. */
  joining: Promise<void> | undefined;
  /** Where live publications go before the replay is written. */
  #queue: Delivery[] | undefined;
  /** Up to where the replay went. What it held may come once more, where live messages take another way. */
  #replayed: Position | undefined;

  constructor(member: Member, topic: string, birth: number, log: LogHolder) {
    this.member = member;
    this.topic = topic;
    this.birth = birth;
    this.#log = log;
  }

  /** From here on live publications wait, until `release`. */
  hold(queue: Delivery[]): void {
    this.#queue = queue;
  }

  release(): void {
    this.#queue = undefined;
  }

  /** @returns what a replay is for this member, in order */
  deliveriesOf({ gap, messages }: Replay, since: string): readonly Delivery[] {
    this.#replayed = messages.at(-1)?.position;
    const deliveries = messages
      .filter(({ except, user }) => except !== this.member.id && (user === undefined || user === this.name))
      .map((message): Delivery => ({ membership: this, publication: new Publication(message) }));
    return gap === undefined
      ? deliveries
      : [{ membership: this, publication: announceGap(this.topic, since, gap), isGap: true }, ...deliveries];
  }

  take(publication: Publication): void {
    if (this.#queue === undefined) this.deliverNew(publication);
    else this.#queue.push({ membership: this, publication });
  }

  /** Only what the replay did not hold. */
  deliverNew(publication: Publication): void {
    if (!this.#wasReplayed(publication.place)) this.deliver(publication);
  }

  deliver(publication: Publication, isGap = false): void {
    if (this.isOver) return;
    try {
      if (isGap) this.member.miss(publication);
      else this.member.deliver(publication);
    } catch (error) {
      this.#log.logger.error(
        { err: error, topic: this.topic, channel: this.member.id },
        'A channel could not take a publication.',
      );
    }
  }

  #wasReplayed(place: Position | undefined): boolean {
    return this.#replayed !== undefined && place?.epoch === this.#replayed.epoch && place.seq <= this.#replayed.seq;
  }
}

/** A publication on its way to a member. */
export interface Delivery {
  readonly membership: Membership;
  readonly publication: Publication;
  /** Whether it says that something may be missing, rather than what was published. */
  readonly isGap?: boolean;
}

/** @param position from which on nothing is missing */
function announceGap(topic: string, since: string, position: Position): Publication {
  const payload = JSON.stringify({ topic, since });
  return new Publication({
    topic,
    form: 'json',
    payload,
    event: 'portlight.gap',
    except: undefined,
    user: undefined,
    position,
  });
}
