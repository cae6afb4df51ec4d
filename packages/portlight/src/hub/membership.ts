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
  /** What comes before the replay is written. */
  #waiting: Publication[] | undefined;
  /** Up to where the replay went. What it held may come once more, where live messages take another way. */
  #replayed: Position | undefined;

  constructor(member: Member, topic: string, birth: number, log: LogHolder) {
    this.member = member;
    this.topic = topic;
    this.birth = birth;
    this.#log = log;
  }

  /** From here on live publications wait, until `replay`. */
  hold(): void {
    this.#waiting = [];
  }

  take(publication: Publication): void {
    if (this.#waiting === undefined) this.#deliver(publication);
    else this.#waiting.push(publication);
  }

  /** Delivers what was missed, then what has waited. */
  replay({ gap, messages }: Replay, since: string): void {
    if (gap !== undefined) this.#deliver(announceGap(this.topic, since, gap));
    for (const message of messages) {
      const isMeant = message.except !== this.member.id && (message.user === undefined || message.user === this.name);
      if (isMeant) this.#deliver(new Publication(message));
    }
    this.#replayed = messages.at(-1)?.position;
    // Grows while it is walked through, when what is delivered leads to something published.
    for (const publication of this.#waiting ?? []) this.#deliver(publication);
    this.#waiting = undefined;
  }

  #deliver(publication: Publication): void {
    if (this.isOver || this.#wasReplayed(publication.place)) return;
    try {
      this.member.deliver(publication);
    } catch (error) {
      this.#log.logger.error({ err: error, topic: this.topic, channel: this.member.id }, 'A channel could not take a publication.');
    }
  }

  #wasReplayed(place: Position | undefined): boolean {
    return this.#replayed !== undefined && place?.epoch === this.#replayed.epoch && place.seq <= this.#replayed.seq;
  }
}

function announceGap(topic: string, since: string, position: Position): Publication {
  const payload = JSON.stringify({ topic, since });
  return new Publication({ topic, form: 'json', payload, event: 'portlight.gap', except: undefined, user: undefined, position });
}
