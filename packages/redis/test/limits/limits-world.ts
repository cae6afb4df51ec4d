import {
  LeasedRateLimitStore,
  type LeaseLine,
  type RateLimitClaim,
  type RateLimitDecision,
  type RateLimitStore,
} from '@portlight/rate-limit';
import { type Loop, MESSAGES } from '@portlight/rate-limit/leases';
import { limitKey } from '../../src/limits/limit-key.ts';
import { RedisLimits } from '../../src/limits/redis-limits.ts';
import type { RedisLink } from '../../src/link/redis-link.ts';
import { Ledger, placeOf } from './ledger.ts';
import { type Run, WorldLink } from './world-link.ts';

export type Claims = readonly RateLimitClaim[];
const RECALL_MS = 100;

/** Gives a script its time, and gives back what it published, and the leases that are left of its keys. */
function observed(script: string): string {
  return `
local given, published = tonumber(table.remove(ARGV)), {}
local real = redis
local redis = { call = function(name, ...)
  if name == 'TIME' then return { tostring(math.floor(given / 1000000)), tostring(given % 1000000) } end
  if name == 'PUBLISH' then table.insert(published, { ... }) return 1 end
  return real.call(name, ...)
end }
local function main() ${script} end
local result, leases = main(), {}
for index = 3, #KEYS do
  local text = real.call('GET', KEYS[index])
  leases[index - 2] = {}
  local packed = text and cmsgpack.unpack(text) or {}
  for at = 1, #(type(packed[3]) == 'table' and packed[3] or {}), 6 do
    local silent = real.call('ZSCORE', KEYS[2], packed[3][at])
    table.insert(leases[index - 2], { packed[3][at], packed[3][at + 2], silent or '0' })
  end
end
return { result, published, leases }`;
}

interface Timer {
  readonly of: WorldLink;
  readonly at: number;
  readonly run: () => void;
}

interface Observed {
  readonly result: readonly number[];
  readonly published: readonly (readonly [string, string])[];
  readonly leases: readonly (readonly (readonly [string, number, string])[])[];
}

/** One end of a line: what is told to the machine is heard at once, what is told to the child waits. */
class WorldLine implements LeaseLine {
  other: WorldLine | undefined;
  isClosed = false;
  readonly handlers: Map<string, (data: unknown) => void> = new Map();
  readonly closed: (() => void)[] = [];
  readonly inbox: { readonly name: string; readonly text: string }[] | undefined;

  constructor(waits: boolean) {
    this.inbox = waits ? [] : undefined;
  }

  tell(name: string, data: unknown): void {
    if (this.isClosed) return;
    const text = JSON.stringify(data);
    if (this.other?.inbox === undefined) this.other?.handlers.get(name)?.(JSON.parse(text));
    else this.other.inbox.push({ name, text });
  }

  on(name: string, handler: (data: unknown) => void): void {
    this.handlers.set(name, handler);
  }

  onClosed(listener: () => void): void {
    this.closed.push(listener);
  }

  close(): void {
    this.isClosed = true;
    for (const listener of [...this.closed, ...(this.other?.closed ?? [])]) listener();
  }
}

/** A process that takes units: a child, or the one that has the link. */
interface Taker {
  readonly name: string;
  readonly store: RateLimitStore;
  /** Its end of the line, where it is a child. */
  readonly line: WorldLine | undefined;
  /** Units of leases that were said to its machine, by place. */
  readonly said: Map<string, number>;
  /** Its questions, by their numbers on the line. */
  readonly questions: Map<number, string>;
  /** The claims of the answer that is arriving: Redis has judged them. */
  judged: string | undefined;
  /** What was out with who does not answer when it was denied, by place. */
  readonly held: Map<string, number>;
}

interface Machine {
  readonly link: WorldLink;
  readonly limits: RedisLimits;
  readonly takers: Taker[];
}

/** Machines with children that share counts in one Redis, whose clock is the world's. Nothing moves by itself. */
export class LimitsWorld {
  now = 1_000_000;
  recalls = 0;
  /** Takes that were rejected. */
  failed = 0;
  readonly ledger: Ledger = new Ledger();
  readonly machines: Machine[] = [];
  readonly #redis: RedisLink;
  readonly #prefix: string;
  /** By their keys in Redis. */
  readonly #claims: Map<string, RateLimitClaim> = new Map();
  readonly #byName: Map<string, Taker> = new Map();
  /** Totals of leases that Redis has heard, by process, key and lease. */
  readonly #heard: Map<string, number> = new Map();
  /** Units that Redis has heard, by process and place. */
  readonly #heardOf: Map<string, number> = new Map();
  #timers: Timer[] = [];
  #lastMachine = 0;

  constructor(redis: RedisLink, prefix: string, machines: number, kinds: readonly Claims[]) {
    this.#redis = redis;
    this.#prefix = prefix;
    for (const claim of kinds.flat())
      this.#claims.set(limitKey(new WorldLink('', prefix), claim.policy, claim.key), claim);
    for (let index = 0; index < machines; index++) this.machines.push(this.#boot());
  }

  /** How many runs of a machine wait for Redis. */
  waiting(machine: number): number {
    return this.#machine(machine).link.runs.length;
  }

  /** Requests come to a process. */
  async request(machine: number, taker: number, claims: Claims, count: number): Promise<void> {
    const { takers } = this.#machine(machine);
    const by = takers[taker % takers.length] as Taker;
    for (let times = 0; times < count; times++) this.#take(by, claims);
    await turn();
  }

  /** Redis runs what a machine has sent. @param isLost whether the replies get lost */
  async execute(machine: number, count = Number.POSITIVE_INFINITY, isLost = false): Promise<void> {
    const { link } = this.#machine(machine);
    for (const run of link.runs.splice(0, count)) await this.#execute(link, run, isLost);
    await turn();
  }

  /** What Redis has answered arrives. */
  async reply(machine: number, count = Number.POSITIVE_INFINITY): Promise<void> {
    for (const arrive of this.#machine(machine).link.replies.splice(0, count)) {
      arrive();
      await turn();
      for (const taker of this.#byName.values()) taker.judged = undefined;
    }
  }

  /** What was published to a machine arrives, or is lost. */
  async publish(machine: number, isLost = false): Promise<void> {
    const { link } = this.#machine(machine);
    for (const text of link.published.splice(0)) if (!isLost) link.hear(text);
    await turn();
  }

  /** A child reads what its machine has told. */
  async read(machine: number, taker: number, count = Number.POSITIVE_INFINITY): Promise<void> {
    const { takers } = this.#machine(machine);
    const child = takers[taker % takers.length] as Taker;
    for (const { name, text } of child.line?.inbox?.splice(0, count) ?? []) {
      const data = JSON.parse(text) as [number];
      if (name === MESSAGES.answer) child.judged = child.questions.get(data[0]);
      child.line?.handlers.get(name)?.(data);
      await turn();
      child.judged = undefined;
    }
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 100; round++) {
      for (const index of this.machines.keys()) {
        await this.execute(index);
        await this.reply(index);
        await this.publish(index);
        for (const taker of this.#machine(index).takers.keys()) await this.read(index, taker);
      }
      const isQuiet = this.machines.every(
        ({ link, takers }) =>
          link.runs.length + link.replies.length + link.published.length === 0 &&
          takers.every(({ line }) => (line?.inbox?.length ?? 0) === 0),
      );
      if (isQuiet) return;
    }
    throw new Error('It never ends.');
  }

  /** Time passes; what is to be done by then is done when it is due. */
  async wait(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const next = Math.min(...this.#timers.map(({ at }) => at));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      const due = this.#timers.filter(({ at }) => at <= this.now);
      this.#timers = this.#timers.filter(({ at }) => at > this.now);
      for (const { run } of due) run();
      await turn();
    }
    this.now = end;
  }

  /** A machine loses its way to Redis, and goes on with what it has. */
  async cut(machine: number): Promise<void> {
    this.#machine(machine).link.cut();
    await turn();
  }

  async mend(machine: number): Promise<void> {
    this.#machine(machine).link.isCut = false;
  }

  /** A machine is gone with all its processes, and another one comes. What it had sent is not run. */
  async crash(index: number): Promise<void> {
    const machine = this.#machine(index);
    machine.link.cut();
    this.#timers = this.#timers.filter(({ of }) => of !== machine.link);
    this.machines[index] = this.#boot();
    await turn();
  }

  /** A child dies, and another one comes. */
  async kill(index: number): Promise<void> {
    const machine = this.#machine(index);
    const child = machine.takers.pop() as Taker;
    this.ledger.forget(child, (place) => this.#saidUnheard(child, place));
    child.line?.close();
    machine.takers.push(this.#openChild(machine));
    await turn();
  }

  #machine(index: number): Machine {
    return this.machines[index % this.machines.length] as Machine;
  }

  #loopOf(of: WorldLink): Loop {
    return {
      now: () => this.now,
      afterReads: (run: () => void) => run(),
      later: (run: () => void, ms: number) => void this.#timers.push({ of, at: this.now + ms, run }),
    };
  }

  #boot(): Machine {
    const link = new WorldLink(`m${++this.#lastMachine}`, this.#prefix);
    const limits = new RedisLimits(link, { recallMs: RECALL_MS, loop: this.#loopOf(link) });
    const machine: Machine = { link, limits, takers: [] };
    machine.takers.push(this.#note({ ...newTaker(`${link.machine}/own`), store: limits, line: undefined }));
    machine.takers.push(this.#openChild(machine));
    return machine;
  }

  #openChild({ limits, link }: Machine): Taker {
    const [near, far] = [new WorldLine(true), new WorldLine(false)];
    near.other = far;
    far.other = near;
    const process = `c${this.#byName.size}`;
    limits.attach(far, `${link.machine}/${process}`);
    const store = new LeasedRateLimitStore(near, { loop: this.#loopOf(link) });
    const child = this.#note({ ...newTaker(`${link.machine}/${process}`), store, line: near });
    this.#listen(child, far);
    return child;
  }

  #note(taker: Taker): Taker {
    this.#byName.set(taker.name, taker);
    return taker;
  }

  /** Notes what a child says to have used. */
  #listen(child: Taker, far: WorldLine): void {
    const names: string[] = [];
    const ask = far.handlers.get(MESSAGES.ask);
    far.handlers.set(MESSAGES.ask, (data) => {
      const [id, , ...claims] = data as [number, number, ...(number | string)[]];
      const places = claims.flatMap((policy, index) =>
        index % 2 === 0 ? [`${names[policy as number]}/${claims[index + 1]}`] : [],
      );
      child.questions.set(id, places.join());
      ask?.(data);
    });
    const policy = far.handlers.get(MESSAGES.policy);
    far.handlers.set(MESSAGES.policy, (data) => {
      names.push((data as [string])[0]);
      policy?.(data);
    });
    const used = far.handlers.get(MESSAGES.used);
    far.handlers.set(MESSAGES.used, (data) => {
      const uses = data as (number | string)[];
      for (let index = 0; index < uses.length; index += 3) {
        const place = `${names[uses[index] as number]}/${uses[index + 1]}`;
        child.said.set(place, (child.said.get(place) ?? 0) + (uses[index + 2] as number));
      }
      used?.(data);
    });
  }

  #saidUnheard(child: Taker, place: string): number {
    const heard = this.#heardOf.get(`${child.name} ${place}`) ?? 0;
    return Math.max(0, (child.said.get(place) ?? 0) - heard);
  }

  #take(by: Taker, claims: Claims): void {
    const decisions = by.store.take(claims);
    if (!(decisions instanceof Promise)) {
      this.#book(by, claims, decisions);
      return;
    }
    decisions.then(
      (late) => {
        // The one who asked is booked where it was judged.
        if (by.judged === placesOf(claims)) by.judged = undefined;
        else this.#book(by, claims, late);
      },
      () => void (this.failed += 1),
    );
  }

  /** What a process said by itself. */
  #book(by: Taker, claims: Claims, decisions: readonly RateLimitDecision[]): void {
    if (decisions.every(({ isAllowed }) => isAllowed)) this.ledger.use(by, claims, this.now);
    decisions.forEach(({ isAllowed }, index) => {
      const claim = claims[index] as RateLimitClaim;
      if (!isAllowed) this.ledger.checkDenial(claim, by.held.get(placeOf(claim)) ?? 0, this.now);
    });
  }

  async #execute(link: WorldLink, { script, keys, args, resolve, reject }: Run, isLost: boolean): Promise<void> {
    this.#hear(keys, args);
    const given = [...args, Math.round(this.now * 1_000)].map(String);
    const reply = await this.#redis.send(['EVAL', observed(script.text), String(keys.length), ...keys, ...given]);
    const [result, published, leases] = reply as [Observed['result'], Observed['published'], Observed['leases']];
    for (const [channel, text] of published) this.#pass(channel, text);
    if (args[0] === 'ask' && result[0] === 1) this.#judge(keys, args, result, leases);
    if (isLost) reject(new Error('The reply was lost.'));
    else
      link.replies.push(() => {
        const taker = this.#byName.get(String(args[2]));
        if (taker?.line === undefined && args[0] === 'ask' && result[0] === 1)
          (taker as Taker).judged = placesOf(keys.slice(2).map((key) => this.#claimOf(key)));
        resolve(result);
      });
  }

  #pass(channel: string, text: string): void {
    if (text.startsWith('limits.recall')) this.recalls += 1;
    for (const { link } of this.machines)
      if (channel.endsWith(`:${link.machine}`) && !link.isCut) link.published.push(text);
  }

  /** What Redis hears of uses. */
  #hear(keys: readonly string[], args: Run['args']): void {
    const taker = this.#byName.get(String(args[2])) as Taker;
    const isAsk = args[0] === 'ask';
    for (let index = 2; index < keys.length; index++) {
      const place = placeOf(this.#claimOf(keys[index] as string));
      const at = isAsk ? 6 + (index - 2) * 5 : 4 + (index - 2) * 7;
      const [lease, used, unsaid] = [args[at + 3], args[at + 4], isAsk ? 0 : args[at + 5]] as [number, number, number];
      const id = `${taker.name} ${keys[index]} ${lease}`;
      const news = lease === 0 ? unsaid : Math.max(0, used - (this.#heard.get(id) ?? 0));
      this.#heard.set(id, Math.max(used, this.#heard.get(id) ?? 0));
      this.#heardOf.set(`${taker.name} ${place}`, (this.#heardOf.get(`${taker.name} ${place}`) ?? 0) + news);
      this.ledger.hear(taker, place, news, this.now);
    }
  }

  #judge(keys: readonly string[], args: Run['args'], result: Observed['result'], leases: Observed['leases']): void {
    const taker = this.#byName.get(String(args[2])) as Taker;
    const claims = keys.slice(2).map((key) => this.#claimOf(key));
    const isAdmitted = claims.every((_claim, index) => result[1 + index * 5] === 1);
    if (isAdmitted) this.ledger.admit(claims, this.now);
    claims.forEach((claim, index) => {
      const out = (leases[index] ?? []).filter(([name]) => !isAdmitted || name !== taker.name);
      const held = out.reduce((sum, [, units]) => sum + units, 0);
      taker.held.set(placeOf(claim), held);
      if (result[1 + index * 5] === 1) return;
      for (const [name, , silentTill] of out)
        if (Number(silentTill) <= this.now * 1_024)
          this.ledger.violations.push(`denied at ${this.now} while ${name} might have given something back`);
      this.ledger.checkDenial(claim, held, this.now);
    });
  }

  #claimOf(redisKey: string): RateLimitClaim {
    return this.#claims.get(redisKey) as RateLimitClaim;
  }
}

function newTaker(name: string) {
  return { name, said: new Map(), questions: new Map(), judged: undefined, held: new Map() };
}

function placesOf(claims: Claims): string {
  return claims.map(placeOf).join();
}

/** What promises have to do is done. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
