import type { BusMessage, Published } from 'portlight';
import type { RedisLink } from '../link/redis-link.ts';
import type { Script } from '../link/script.ts';
import { Asides } from './asides.ts';
import { readPassed } from './message-frame.ts';
import { type EndTerms, RedisBus } from './redis-bus.ts';
import { PUBLISH } from './publish-script.ts';
import { READ } from './read-script.ts';
import { STATE } from './state-script.ts';
import { sweep } from './sweep.ts';

/** What a link for it has to run. */
export const TOPICS: readonly Script[] = [PUBLISH, READ, STATE];

/** Of how many topics an end has it checked in a second whether they still know of it. */
const CHECKED = 500;

/** The buses of all processes of this machine: what Redis tells the machine goes to those whom it concerns. */
export class RedisTopics {
  readonly #link: RedisLink;
  readonly #maxHistoryBytes: number;
  readonly #ends: Set<RedisBus> = new Set();
  readonly #asides: Asides;

  constructor(link: RedisLink, maxHistoryBytes: number) {
    this.#link = link;
    this.#maxHistoryBytes = maxHistoryBytes;
    this.#asides = new Asides(link);
    link.on('message', (data) => {
      const message = readPassed(data);
      for (const end of this.#ends) end.receive(message);
    });
    link.on('skipped', () => this.#interrupt());
    link.onInterrupted(() => {
      this.#asides.settle();
      this.#interrupt();
    });
    link.onBeat(() => void this.#check().catch(() => {}));
  }

  /** @param owner of the process, see `RedisLink#ownerOf` */
  end(owner: string, terms: Pick<EndTerms, 'form'>): RedisBus {
    const bus = new RedisBus(this.#link, owner, {
      ...terms,
      maxHistoryBytes: this.#maxHistoryBytes,
      passAside: (message) => this.#passAside(message),
    });
    this.#ends.add(bus);
    return bus;
  }

  /** The process of an end of this machine is gone. */
  delete(bus: RedisBus): void {
    this.#ends.delete(bus);
  }

  /** Takes away what a process had, of any machine, and tells one of this machine of it. */
  async lose(owner: string): Promise<void> {
    // The latest comer: the first may be the primary of the others, which has other work.
    const heir = [...this.#ends].findLast((end) => end.isConnected && end.owner !== owner);
    await sweep(this.#link, { owner, teller: heir?.owner ?? owner, mark: '' }, (changes) => heir?.tell(changes));
  }

  /** To those of this machine alone, while Redis cannot be reached. */
  #passAside(message: BusMessage): Published | undefined {
    const passed = this.#asides.number(message);
    if (passed === undefined) return undefined;
    let subscribers = 0;
    for (const end of this.#ends) subscribers += end.receive(passed);
    return { position: passed.position, subscribers };
  }

  #interrupt(): void {
    for (const end of this.#ends) end.interrupt();
  }

  /** What was evicted is said again. */
  async #check(): Promise<void> {
    for (const end of this.#ends) if (await end.isForgotten(CHECKED)) end.interrupt();
  }
}
