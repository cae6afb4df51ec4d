import { randomBytes } from 'node:crypto';
import { BackplaneError, type BackplaneWatcher } from 'portlight';
import type { RedisConfig, RedisTarget } from '../redis-options.ts';
import { inTime } from './in-time.ts';
import { MACHINES } from './machines-script.ts';
import type { Script } from './script.ts';
import { Session } from './session.ts';

/** How often a machine says that it lives. */
const BEAT_MS = 1_000;
/** How long Redis may be silent until the connections are taken for dead. */
const SILENCE_MS = 1_000;
const CONNECT_MS = 1_000;
/** For how long it is tried at the start. */
const OPEN_MS = 5_000;
/** What waiting does not mend: a missing or wrong password, a user without rights. */
const REFUSED = /^(?:NOAUTH|WRONGPASS|NOPERM)\b/;
/** Between attempts to reach it, give or take a half. */
const RETRY_MS = 200;

const LINE_FEED = 0x0a;

type Argument = string | number | Uint8Array;
type BeatAnswer = readonly [epoch: string, isKnown: number, lost: readonly string[]];

export interface RunOptions {
  /** Texts of the answer are bytes. */
  readonly asBytes?: boolean;
  /** Rejects where there is no answer in this time; the script may take effect nonetheless. */
  readonly timeoutMs?: number;
}

/** What a part asks of the way to Redis. */
export type PartLink = Pick<RedisLink, 'machine' | 'key' | 'run' | 'send' | 'on' | 'onInterrupted'>;

/** The way of one machine to Redis: it finds out when that is away, and comes back. */
export class RedisLink {
  /** The name of this machine, which no other has, nor had. */
  readonly machine: string = randomBytes(8).toString('hex');
  readonly #config: RedisConfig;
  readonly #scripts: readonly Script[];
  readonly #handlers: Map<string, (data: Buffer) => void> = new Map();
  readonly #interruptions: (() => void)[] = [];
  readonly #beats: (() => void)[] = [];
  #watcher: BackplaneWatcher | undefined;
  /** The processes that something may belong to. */
  readonly #owners: Set<string> = new Set();
  #lose: (owner: string) => Promise<void> = () => Promise.resolve();
  /** Those of this machine that are gone and may have something. */
  readonly #gone: Set<string> = new Set();
  readonly #losing: Set<string> = new Set();
  #session: Session | undefined;
  #epoch: string | undefined;
  #isOpen = false;
  /** While it is opened: what is asked meanwhile waits. */
  #opening: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Why Redis cannot be reached. */
  #failure: Error = new Error('The connection to Redis is not open.');
  #attempts = 0;

  /** @param scripts those that are run often */
  constructor(config: RedisConfig, scripts: readonly Script[]) {
    this.#config = config;
    this.#scripts = [MACHINES, ...scripts];
  }

  key(...parts: readonly string[]): string {
    return `{${this.#config.prefix}}:${parts.join(':')}`;
  }

  /** Sees to what scripts publish to this machine under a name. */
  on(name: string, handler: (data: Buffer) => void): void {
    this.#handlers.set(name, handler);
  }

  /** Called when Redis can be reached again, or does not know this machine: messages may have been missed. */
  onInterrupted(listener: () => void): void {
    this.#interruptions.push(listener);
  }

  /** Called about once a second while Redis can be reached. */
  onBeat(listener: () => void): void {
    this.#beats.push(listener);
  }

  /** Takes away all that belongs to a process that is gone; maybe more than once. */
  onLost(lose: (owner: string) => Promise<void>): void {
    this.#lose = lose;
  }

  /** Who says to an operator how it goes. */
  watch(watcher: BackplaneWatcher): void {
    this.#watcher = watcher;
  }

  /** A name by which things in Redis belong to a process of this machine. */
  ownerOf(process: string): string {
    return `${this.machine}/${process}`;
  }

  /** Something may belong to this process from here on. */
  attend(owner: string): void {
    this.#owners.add(owner);
    this.#machines('attend', owner).catch(() => {});
  }

  /**
   * A process of this machine is gone: what belongs to it is taken away, by now or when Redis can be reached again.
   * Never rejects.
   */
  async lose(owner: string): Promise<void> {
    this.#owners.delete(owner);
    this.#gone.add(owner);
    await this.#takeAway([owner]);
  }

  /** @throws {BackplaneError} when Redis cannot be reached in the time for that */
  async open(): Promise<void> {
    this.#isOpen = true;
    this.#opening = this.#connectInTime();
    try {
      await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #connectInTime(): Promise<void> {
    const endsAt = performance.now() + OPEN_MS;
    for (let tried = 1; !(await this.#connect()); tried++) {
      const isRefused = tried >= this.#config.targets.length && REFUSED.test(this.#failure.message);
      if (!this.#isOpen || isRefused || performance.now() + RETRY_MS >= endsAt) return this.#giveUp();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #giveUp(): never {
    this.#isOpen = false;
    throw unreachable(`Redis cannot be reached at ${this.#places()}`, this.#failure);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    const session = this.#session;
    if (session === undefined) return;
    await this.#machines('leave').catch(() => {});
    session.end(new Error('The connection to Redis is closed.'));
  }

  /** In which life the store is, as far as is known. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  get isReachable(): boolean {
    return this.#session !== undefined;
  }

  /** Whether Redis could be reached, and cannot any more. */
  get isAway(): boolean {
    return this.#session === undefined && this.#epoch !== undefined;
  }

  async send(args: readonly (string | number)[]): Promise<unknown> {
    if (this.#opening !== undefined) await this.#opening;
    return this.#reach().send(args.map(String));
  }

  async run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    { asBytes = false, timeoutMs }: RunOptions = {},
  ): Promise<unknown> {
    if (this.#opening !== undefined) await this.#opening;
    const answer = this.#reach().run(script, keys, args.map(toArgument), asBytes);
    return timeoutMs === undefined ? answer : inTime(answer, timeoutMs, 'Redis did not answer in time.');
  }

  #reach(): Session {
    if (this.#session === undefined) throw unreachable('Redis cannot be reached', this.#failure);
    return this.#session;
  }

  /** @returns whether Redis can be reached now */
  async #connect(): Promise<boolean> {
    const { targets, prefix } = this.#config;
    let session: Session | undefined;
    try {
      const opened = await Session.open({
        target: targets[this.#attempts++ % targets.length] as RedisTarget,
        name: `portlight-${prefix.replaceAll(/[^\w.:-]/g, '_')}`,
        channel: this.key('to', this.machine),
        connectTimeoutMs: CONNECT_MS,
        scripts: this.#scripts,
        onMessage: (message) => this.#hear(message),
        onEnd: (error) => this.#end(opened, error),
      });
      session = opened;
      const isAgain = this.#epoch !== undefined;
      const { lost } = await this.#beat(opened);
      if (!this.#isOpen) throw new Error('The connection to Redis is closed.');
      this.#session = opened;
      this.#beatLater(opened);
      if (isAgain) this.#watcher?.back();
      if (isAgain) this.#interrupt();
      void this.#takeAway([...lost, ...this.#gone]);
      return true;
    } catch (error) {
      this.#failure = error as Error;
      session?.end(this.#failure);
      return false;
    }
  }

  #end(session: Session, error: Error): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#failure = error;
    clearTimeout(this.#timer);
    if (!this.#isOpen) return;
    this.#watcher?.away(error);
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    while (this.#isOpen && !(await this.#connect()))
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())).unref());
  }

  /** Says that this machine lives, and hears who does no more. */
  async #beat(session: Session): Promise<{ readonly isMissed: boolean; readonly lost: readonly string[] }> {
    const args = [session.runId, randomBytes(8).toString('hex'), String(this.#config.lostAfterMs), ...this.#owners];
    const answers = Promise.all([
      session.run(MACHINES, this.#machineKeys(), ['beat', this.machine, ...args], false),
      session.hear(),
    ]);
    const [answer] = await inTime(answers, SILENCE_MS, 'Redis did not answer in time.');
    const [epoch, isKnown, lost] = answer as BeatAnswer;
    const isMissed = isKnown === 0 || epoch !== this.#epoch;
    this.#epoch = epoch;
    return { isMissed, lost };
  }

  #beatLater(session: Session): void {
    this.#timer = setTimeout(() => void this.#beatAgain(session), BEAT_MS).unref();
  }

  async #beatAgain(session: Session): Promise<void> {
    try {
      const { isMissed, lost } = await this.#beat(session);
      if (!session.isOpen) return;
      this.#beatLater(session);
      if (isMissed) this.#interrupt();
      for (const listener of this.#beats) listener();
      void this.#takeAway([...lost, ...this.#gone]);
    } catch (error) {
      session.end(error as Error);
    }
  }

  #interrupt(): void {
    for (const listener of this.#interruptions) listener();
  }

  /** Where that fails, it is done with another beat. */
  async #takeAway(owners: readonly string[]): Promise<void> {
    const fresh = owners.filter((owner) => !this.#losing.has(owner));
    await Promise.all(fresh.map((owner) => this.#takeAwayOne(owner)));
  }

  async #takeAwayOne(owner: string): Promise<void> {
    this.#losing.add(owner);
    try {
      await this.#lose(owner);
      await this.#machines('forget', owner);
      this.#gone.delete(owner);
    } catch {
      // Redis is away.
    } finally {
      this.#losing.delete(owner);
    }
  }

  #hear(message: Buffer): void {
    const end = message.indexOf(LINE_FEED);
    const name = message.toString('latin1', 0, end);
    this.#handlers.get(name)?.(message.subarray(end + 1));
  }

  #machineKeys(): readonly string[] {
    return [this.key('shared'), this.key('machines'), this.key('oldest')];
  }

  #machines(op: string, ...args: readonly string[]): Promise<unknown> {
    return this.run(MACHINES, this.#machineKeys(), [op, this.machine, ...args]);
  }

  #places(): string {
    return this.#config.targets.map(({ host, port, path }) => path ?? `${host}:${port}`).join(', ');
  }
}

function toArgument(value: Argument): string | Buffer {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function unreachable(sentence: string, cause: Error): BackplaneError {
  return new BackplaneError(
    `${sentence}: ${cause.message || cause.name}`,
    'ERR_PORTLIGHT_BACKPLANE_UNREACHABLE',
    cause,
  );
}
