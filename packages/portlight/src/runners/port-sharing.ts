/** A child that has more connections than this times the mean of all, and some more, takes no new ones. */
const MOST_OF_MEAN = 1.25;
/** So that few connections are never too many; and how many more a child may take whenever it is given the port. */
const SOME = 8;
/** A child whose event loop is later than this twice in a row takes no new connections while others can. */
const LATE_MS = 100;
/** Of those that accept, where there are so many: should one be stuck, another one goes on. */
const FEWEST_ACCEPTING = 2;

/** What is done about the port. */
export interface PortEvents {
  /** A child is to get the handle. @param until how many connections it may have whatever the others have */
  give(child: string, until: number): void;
  /** A child is to leave it. */
  take(child: string): void;
}

interface Child {
  connections: number;
  /** Whether it has the handle, or was sent it. */
  accepts: boolean;
  /** Reports in a row that say that it is late. */
  lateReports: number;
}

/** How many connections a child may have before it leaves the port to the others. */
export function mostConnections(mean: number): number {
  return mean * MOST_OF_MEAN + SOME;
}

/**
 * Which children accept on the port that all share. A child leaves it by itself when it has more than its share, and
 * asks for it again at once; it gets it when it is level with the others. Somebody accepts at any time.
 */
export class PortSharing {
  readonly #events: PortEvents;
  readonly #children: Map<string, Child> = new Map();

  constructor(events: PortEvents) {
    this.#events = events;
  }

  /** How many connections a child has on the average. */
  get mean(): number {
    let sum = 0;
    for (const { connections } of this.#children.values()) sum += connections;
    return this.#children.size === 0 ? 0 : sum / this.#children.size;
  }

  /** Whether a child has asked for the handle ever. */
  has(name: string): boolean {
    return this.#children.has(name);
  }

  /** A child has not the handle, and wants it. */
  ask(name: string, connections: number): void {
    const child = this.#children.get(name);
    if (child === undefined) this.#children.set(name, { connections, accepts: false, lateReports: 0 });
    else {
      child.connections = connections;
      child.accepts = false;
    }
    this.#giveOut();
  }

  /** A child has so many connections. */
  load(name: string, connections: number): void {
    const child = this.#children.get(name);
    if (child === undefined) return;
    child.connections = connections;
    this.#giveOut();
  }

  /** By how much the event loop of a child was late at most, about each second. */
  lag(name: string, lagMs: number): void {
    const child = this.#children.get(name);
    if (child === undefined) return;
    child.lateReports = lagMs > LATE_MS ? child.lateReports + 1 : 0;
    if (isLate(child) && child.accepts && this.#accepting.some((each) => !isLate(each))) this.#events.take(name);
    this.#giveOut();
  }

  /** A child is gone, or takes nothing new. */
  delete(name: string): void {
    if (this.#children.delete(name)) this.#giveOut();
  }

  get #accepting(): readonly Child[] {
    return [...this.#children.values()].filter(({ accepts }) => accepts);
  }

  #giveOut(): void {
    const { mean } = this;
    const waiting = [...this.#children].filter(([, { accepts }]) => !accepts);
    for (const [name, child] of waiting) if (!isLate(child) && child.connections <= mean) this.#give(name, child);
    // The ones with the fewest connections first, those that are late last.
    const rest = waiting
      .filter(([, { accepts }]) => !accepts)
      .toSorted(
        ([, one], [, other]) => Number(isLate(one)) - Number(isLate(other)) || one.connections - other.connections,
      );
    for (const [name, child] of rest) if (this.#accepting.length < FEWEST_ACCEPTING) this.#give(name, child);
  }

  #give(name: string, child: Child): void {
    child.accepts = true;
    this.#events.give(name, child.connections + SOME);
  }
}

function isLate({ lateReports }: Child): boolean {
  return lateReports >= 2;
}
