import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Shortage } from '../../src/backplane/admission.ts';
import { SeatBook, type SeatLimits } from '../../src/primary/seat-book.ts';
import type { SeatReply, SeatRequest } from '../../src/primary/seat-messages.ts';
import { SeatPurse } from '../../src/primary/seat-purse.ts';

const ADDRESSES = ['', 'one', 'two'];

const child = fc.nat(5);
const key = fc.constantFrom(...ADDRESSES);
const command = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('open' as const), child, key, times: fc.constantFrom(1, 1, 3, 20) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('close' as const), child, times: fc.constantFrom(1, 1, 3, 20) }) },
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('toPrimary' as const), child, times: fc.constantFrom(1, 2, 9) }) },
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('toChild' as const), child, times: fc.constantFrom(1, 2, 9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('late' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), child }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('come' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer Each> ? Each : never;

/** One process: its purse, what it is on its way to say and to hear, and who sits there. */
class Child {
  readonly purse: SeatPurse = new SeatPurse((request) => this.toPrimary.push(request));
  readonly toPrimary: SeatRequest[] = [];
  readonly toChild: SeatReply[] = [];
  /** The addresses of those that have a seat, and of those that wait for one. */
  readonly seated: string[] = [];
  readonly waiting: string[] = [];
}

/** All processes, and one that knows everything. */
class World {
  readonly limits: SeatLimits;
  readonly children: Map<string, Child> = new Map();
  readonly refused: string[] = [];
  readonly #book: SeatBook;
  readonly #timers: (() => void)[] = [];
  #born = 0;
  /** How often something happened by which a seat may have become free, or be taken for not free. */
  #disturbances = 0;
  /** How often somebody found no seat in all, and gave the one of its address back. */
  #fullRefusals = 0;

  constructor(limits: SeatLimits, count: number) {
    this.limits = limits;
    this.#book = new SeatBook(limits, count, {
      send: (owner, reply) => void this.children.get(owner)?.toChild.push(reply),
      wait: (then) => void this.#timers.push(then),
    });
    while (this.children.size < count) this.come();
  }

  get addresses(): number {
    return [...this.children.values()].reduce((sum, { purse }) => sum + purse.addresses, this.#book.addresses);
  }

  play(step: Command): void {
    const times = 'times' in step ? step.times : 1;
    const [owner, child] = 'child' in step ? this.#find(step.child) : ['', new Child()];
    for (let n = 0; n < times; n += 1) {
      if (step.kind === 'open') this.open(child, step.key);
      else if (step.kind === 'close') this.close(child);
      else if (step.kind === 'toPrimary') this.#toPrimary(owner, child);
      else if (step.kind === 'toChild') this.#toChild(child);
      else if (step.kind === 'die') this.#die(owner);
      else if (step.kind === 'come') this.come();
      else if (step.kind === 'late') this.late();
      else this.settle();
      this.check();
    }
  }

  come(): void {
    if (this.children.size > 5) return;
    this.#disturbances += 1;
    const child = new Child();
    this.children.set(`child ${(this.#born += 1)}`, child);
    child.purse.join();
  }

  open(child: Child, address: string): void {
    const before = { disturbances: this.#disturbances, refusals: this.#fullRefusals };
    const settle = (outcome: 'taken' | Shortage): void => {
      if (outcome === 'taken') {
        child.waiting.splice(child.waiting.indexOf(address), 1);
        child.seated.push(address);
      } else {
        if (outcome === 'all') this.#fullRefusals += 1;
        this.#judge(outcome, address, before);
        child.waiting.splice(child.waiting.indexOf(address), 1);
        this.refused.push(address);
      }
    };
    if (child.purse.take(address, settle)) child.seated.push(address);
    else child.waiting.push(address);
  }

  close(child: Child): void {
    const address = child.seated.shift();
    if (address === undefined) return;
    this.#disturbances += 1;
    child.purse.release(address);
  }

  /** Who has not answered by now is given up. */
  late(): void {
    const timers = this.#timers.splice(0);
    if (timers.length > 0) this.#disturbances += 1;
    for (const then of timers) then();
  }

  /** All that is under way arrives. */
  settle(): void {
    let turns = 0;
    do {
      expect((turns += 1)).toBeLessThan(10_000);
      for (const [owner, child] of this.children) {
        this.#toPrimary(owner, child);
        this.#toChild(child);
      }
    } while ([...this.children.values()].some(({ toPrimary, toChild }) => toPrimary.length + toChild.length > 0));
  }

  check(): void {
    expect(this.#seated()).toBeLessThanOrEqual(this.limits.most);
    if (this.limits.mostPerAddress >= this.limits.most) return;
    for (const address of ADDRESSES.slice(1))
      expect(this.#seated(address)).toBeLessThanOrEqual(this.limits.mostPerAddress);
  }

  /** Nobody is refused while there is a seat that is neither taken nor waited for, and none has become free. */
  #judge(shortage: Shortage, address: string, before: { disturbances: number; refusals: number }): void {
    const isAll = shortage === 'all';
    if (this.#disturbances > before.disturbances || (!isAll && this.#fullRefusals > before.refusals)) return;
    const wanted = this.#seated(isAll ? undefined : address) + this.#count('waiting', isAll ? undefined : address);
    expect(wanted).toBeGreaterThan(isAll ? this.limits.most : this.limits.mostPerAddress);
  }

  #seated(address?: string): number {
    return this.#count('seated', address);
  }

  #count(which: 'seated' | 'waiting', address?: string): number {
    let count = 0;
    for (const child of this.children.values())
      count += child[which].filter((each) => address === undefined || each === address).length;
    return count;
  }

  #find(index: number): [string, Child] {
    const all = [...this.children];
    return all[index % all.length] as [string, Child];
  }

  #toPrimary(owner: string, child: Child): void {
    const request = child.toPrimary.shift();
    if (request !== undefined) this.#book.hear(owner, request);
  }

  #toChild(child: Child): void {
    const reply = child.toChild.shift();
    if (reply !== undefined) child.purse.hear(reply);
  }

  #die(owner: string): void {
    if (this.children.size < 2) return;
    this.#disturbances += 1;
    this.children.delete(owner);
    this.#book.lose(owner);
  }
}

const limits = fc.oneof(
  fc.record({ most: fc.integer({ min: 1, max: 12 }), mostPerAddress: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ most: fc.integer({ min: 1, max: 300 }), mostPerAddress: fc.integer({ min: 1, max: 100 }) }),
);

test('however slow, silent or dead the processes: never too many, nobody refused for nothing, and nothing is left', () => {
  fc.assert(
    fc.property(
      limits,
      fc.integer({ min: 1, max: 4 }),
      fc.array(command, { maxLength: 200, size: 'max' }),
      (most, count, commands) => {
        const world = new World(most, count);
        for (const step of commands) world.play(step);
        world.settle();
        for (const child of world.children.values()) while (child.seated.length > 0) world.close(child);
        world.settle();
        expect(world.addresses).toBe(0);
        // All of it can be had again, by one process and for one address.
        const [first] = [...world.children.values()] as [Child];
        const room = Math.min(most.most, most.mostPerAddress);
        for (let n = 0; n < room; n += 1) {
          world.open(first, 'one');
          world.settle();
        }
        expect(first.seated.length).toBe(room);
        const before = world.refused.length;
        world.open(first, 'one');
        world.settle();
        expect(world.refused.length).toBe(before + 1);
      },
    ),
    { numRuns: 500 },
  );
}, 60_000);
