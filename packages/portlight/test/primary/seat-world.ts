import assert from 'node:assert/strict';
import type { Shortage } from '../../src/backplane/admission.ts';
import { SeatBook, type SeatLimits } from '../../src/primary/seat-book.ts';
import type { SeatReply, SeatRequest } from '../../src/primary/seat-messages.ts';
import { SeatPurse } from '../../src/primary/seat-purse.ts';

export const ADDRESSES: readonly string[] = ['', 'one', 'two'];

/** One process: its purse, what it is on its way to say and to hear, and who sits there. */
export class SeatedChild {
  readonly purse: SeatPurse = new SeatPurse((request) => this.toPrimary.push(request));
  readonly toPrimary: SeatRequest[] = [];
  readonly toChild: SeatReply[] = [];
  /** The addresses of those that have a seat, and of those that wait for one. */
  readonly seated: string[] = [];
  readonly waiting: string[] = [];
}

/** All processes with their book, nothing of which moves by itself, and one that knows everything. */
export class SeatWorld {
  readonly limits: SeatLimits;
  readonly children: Map<string, SeatedChild> = new Map();
  readonly refused: string[] = [];
  readonly #book: SeatBook;
  readonly #timers: (() => void)[] = [];
  #born = 0;
  /** How often something happened by which a seat may have become free, or be taken for not free. */
  #disturbances = 0;
  /** Whose unused units may count as taken. */
  readonly #silent: Set<string> = new Set();
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

  come(): void {
    if (this.children.size > 5) return;
    this.#disturbances += 1;
    const child = new SeatedChild();
    this.children.set(`child ${(this.#born += 1)}`, child);
    child.purse.join();
  }

  open(child: SeatedChild, address: string): void {
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

  close(child: SeatedChild): void {
    const address = child.seated.shift();
    if (address === undefined) return;
    this.#disturbances += 1;
    child.purse.release(address);
  }

  /** Who has not answered by now is given up. */
  late(): void {
    const timers = this.#timers.splice(0);
    if (timers.length === 0) return;
    this.#disturbances += 1;
    for (const [owner, { toChild, toPrimary }] of this.children)
      if ([...toChild, ...toPrimary].some(({ type }) => type.startsWith('recall'))) this.#silent.add(owner);
    for (const then of timers) then();
  }

  /** The others say and hear nothing any more, but live. */
  stopAllButFirst(): void {
    for (const owner of [...this.children.keys()].slice(1)) this.children.delete(owner);
  }

  /** All that is under way arrives. */
  settle(): void {
    let turns = 0;
    do {
      assert.ok((turns += 1) < 10_000, 'it comes to rest');
      for (const [owner, child] of this.children) {
        this.toPrimary(owner, child);
        this.toChild(child);
      }
    } while ([...this.children.values()].some(({ toPrimary, toChild }) => toPrimary.length + toChild.length > 0));
  }

  check(): void {
    assert.ok(this.#seated() <= this.limits.most, 'not too many in all');
    if (this.limits.mostPerAddress >= this.limits.most) return;
    for (const address of ADDRESSES.slice(1))
      assert.ok(this.#seated(address) <= this.limits.mostPerAddress, 'not too many of an address');
  }

  /** Nobody is refused while there is a seat that is neither taken nor waited for, and none has become free. */
  #judge(shortage: Shortage, address: string, before: { disturbances: number; refusals: number }): void {
    const isAll = shortage === 'all';
    if (this.#silent.size > 0) return;
    if (this.#disturbances > before.disturbances || (!isAll && this.#fullRefusals > before.refusals)) return;
    const wanted = this.#seated(isAll ? undefined : address) + this.#count('waiting', isAll ? undefined : address);
    assert.ok(wanted > (isAll ? this.limits.most : this.limits.mostPerAddress), 'refused for nothing');
  }

  #seated(address?: string): number {
    return this.#count('seated', address);
  }

  #count(which: 'seated' | 'waiting', address?: string): number {
    let count = 0;
    for (const { [which]: all } of this.children.values())
      count += address === undefined ? all.length : all.filter((each) => each === address).length;
    return count;
  }

  /** One of those that live. */
  find(index: number): readonly [string, SeatedChild] {
    const all = [...this.children];
    return all[index % all.length] as [string, SeatedChild];
  }

  toPrimary(owner: string, child: SeatedChild): void {
    const request = child.toPrimary.shift();
    if (request === undefined) return;
    if (this.#silent.delete(owner) || request.type === 'join') this.#disturbances += 1;
    this.#book.hear(owner, request);
  }

  toChild(child: SeatedChild): void {
    const reply = child.toChild.shift();
    if (reply !== undefined) child.purse.hear(reply);
  }

  die(owner: string): void {
    if (this.children.size < 2) return;
    this.#disturbances += 1;
    this.children.delete(owner);
    this.#silent.delete(owner);
    this.#book.lose(owner);
  }
}
