import {
  type Bus,
  type BusMessage,
  type BusReceiver,
  type ChannelPresence,
  parsePosition,
  type PassedMessage,
  type Position,
  type PresentMember,
  type ProcessState,
  type Published,
  type PublishTerms,
  type Replay,
  type Since,
} from 'portlight';
import type { RedisLink } from '../link/redis-link.ts';
import type { Script } from '../link/script.ts';
import { ChangeTeller } from './change-teller.ts';
import { Interests } from './interests.ts';
import { readFrame, writeHead } from './message-frame.ts';
import { readMember } from './read-member.ts';
import { sweep, type WrittenChanges } from './sweep.ts';
import { PUBLISH } from './publish-script.ts';
import { READ } from './read-script.ts';
import { STATE } from './state-script.ts';
import { UnsaidPresence } from './unsaid-presence.ts';

/** How many interests and presences are stated in one step. */
const STATED = 500;
/** How long the other machines have to state what they have, where the store has lost it. */
const SETTLE_MS = 2_000;

export interface EndTerms {
  /** Makes of a message what this end is given: who passes it on needs no text. */
  readonly form: (message: PassedMessage) => PassedMessage;
  readonly maxHistoryBytes: number;
  /** Passes a message to this machine alone. @returns `undefined` where that cannot be */
  readonly passAside: (message: BusMessage) => Published | undefined;
}

/** Stands for a life of the store that is over. */
const LOST = '-';
/** Marks those that left while the store was away. */
const GONE = 'gone';

/** The bus as one process has it. */
export class RedisBus implements Bus {
  readonly owner: string;
  readonly #link: RedisLink;
  readonly #terms: EndTerms;
  #receiver: BusReceiver | undefined;
  readonly #interests: Interests = new Interests();
  readonly #changes: ChangeTeller;
  /** Grows with each statement of all it has: what was said before is told apart by it. */
  #mark = 0;
  /** In which life of the store all was said. */
  #epoch: string | undefined;
  /** On the clock of `performance`; 0 where all that was left of another life is swept. */
  #patientUntil = 0;
  readonly #unsaid: UnsaidPresence = new UnsaidPresence();

  constructor(link: RedisLink, owner: string, terms: EndTerms) {
    this.#link = link;
    this.owner = owner;
    this.#terms = terms;
    this.#changes = new ChangeTeller(link, owner, (change) => this.#receiver?.memberChanged(change));
  }

  get isConnected(): boolean {
    return this.#receiver !== undefined;
  }

  connect(receiver: BusReceiver): void {
    this.#receiver = receiver;
  }

  /** @returns how many channels it concerns, as far as is known here */
  receive(message: PassedMessage): number {
    const channels = this.#interests.channelsOf(message);
    if (channels === undefined) return 0;
    this.#receiver?.receive(this.#terms.form(message));
    return message.user === undefined ? channels : 0;
  }

  interrupt(): void {
    this.#receiver?.interrupted();
  }

  async setInterest(topic: string, channels: number): Promise<Position> {
    if (channels > 0) this.#interests.set(topic, channels);
    const end = channels > 0 ? () => {} : this.#interests.leave(topic);
    const answer = await this.#run(STATE, 'interest', this.owner, topic, channels, this.#mark);
    const [epoch, seq] = answer as readonly [string, number];
    end(seq);
    return { epoch, seq };
  }

  async publish(message: BusMessage, { keep, once, isExceptThere }: PublishTerms): Promise<Published> {
    // What was to be published once can only be claimed there.
    const aside = this.#link.isAway && once === undefined ? this.#terms.passAside(message) : undefined;
    if (aside !== undefined) return aside;
    const { topic, payload, user, except } = message;
    const answer = await this.#run(
      PUBLISH,
      topic,
      writeHead(message),
      payload,
      keep?.size ?? '',
      keep?.ttlMs ?? '',
      keep?.freshMs ?? '',
      this.#terms.maxHistoryBytes,
      once?.ttlMs ?? '',
      once?.id ?? '',
      user === undefined ? 0 : 1,
      user ?? '',
      except === undefined ? 0 : 1,
      except ?? '',
      isExceptThere ? 1 : 0,
    );
    const [epoch, seq, subscribers] = answer as readonly [string, number, number];
    return { position: { epoch, seq }, subscribers };
  }

  async read(topic: string, since: Since): Promise<Replay> {
    const answer = await this.#link.run(READ, this.#keys(), [topic, ...questionOf(since)], { asBytes: true });
    const [epochBytes, now, lost, isGap, found] = answer as readonly [
      Buffer,
      number,
      number,
      number,
      readonly Buffer[],
    ];
    const epoch = epochBytes.toString();
    const messages: PassedMessage[] = [];
    // Who has seen what is in front of those that are stale misses nothing behind them.
    let before: number | undefined;
    for (let index = 0; index < found.length; index += 4) {
      const [seq, prev, staleAt, frame] = found.slice(index, index + 4) as [Buffer, Buffer, Buffer, Buffer];
      const place = { position: { epoch, seq: Number(seq) }, prev: before ?? Number(prev), isKept: true };
      if (staleAt.length > 0 && Number(staleAt) <= now) before ??= Number(prev);
      else {
        messages.push(this.#terms.form(readFrame(frame, place)));
        before = undefined;
      }
    }
    return { gap: isGap === 1 ? { epoch, seq: lost } : undefined, messages };
  }

  async enter(presence: ChannelPresence): Promise<void> {
    const { topic, member, channel, info, remember } = presence;
    this.#epoch ??= this.#link.epoch;
    // Whether somebody is new shows when all have stated what they have.
    if (this.#patientUntil > 0) return this.#unsaid.entered(presence);
    const mark = this.#mark;
    const said = [info === undefined ? 0 : 1, info ?? '', remember ? 1 : 0];
    try {
      const answer = await this.#run(
        STATE,
        'enter',
        this.owner,
        topic,
        member,
        channel,
        ...said,
        mark,
        this.#epoch ?? '',
      );
      if (answer !== null) return this.tell(answer as WrittenChanges);
    } catch (error) {
      this.#unsaid.entered(presence);
      throw error;
    }
    // Redis has lost who was there, which shows soon, or has shown meanwhile.
    this.#unsaid.entered(presence);
    if (mark !== this.#mark) this.interrupt();
  }

  async exit(topic: string, member: string, channel: string): Promise<void> {
    const ghost = { topic, member, channel, life: this.#epoch };
    const mark = this.#mark;
    try {
      const changes = (await this.#run(STATE, 'exit', this.owner, topic, member, channel)) as WrittenChanges | null;
      if (changes !== null) return this.tell(changes);
    } catch (error) {
      this.#unsaid.left(ghost);
      throw error;
    }
    // Redis has lost that it was there, which shows soon, or has shown meanwhile.
    this.#unsaid.left(ghost);
    if (mark !== this.#mark) this.interrupt();
  }

  async presence(topic: string): Promise<readonly PresentMember[]> {
    const found = (await this.#link.send(['HGETALL', this.#link.key('members', topic)])) as readonly string[];
    const members = found.flatMap((member, index) =>
      index % 2 === 0 ? [readMember(member, found[index + 1] as string)] : [],
    );
    return members.toSorted((one, other) => one.order - other.order).map(({ present }) => present);
  }

  async restate({ interests, presences }: ProcessState): Promise<ReadonlyMap<string, Position>> {
    this.#link.attend(this.owner);
    this.#mark += 1;
    this.#interests.restate(interests);
    const before = this.#epoch ?? '';
    const isReborn = before !== '' && before !== this.#link.epoch;
    const unsaid = this.#unsaid.take();
    try {
      // All are on their way before anything else is said.
      const mark = this.#mark;
      const ghosts = unsaid.ghosts.filter(({ life }) => life !== undefined && life !== this.#link.epoch);
      if (isReborn || ghosts.length > 0) this.#patientUntil = performance.now() + SETTLE_MS;
      // Whether somebody is new shows when all have stated what they have.
      const [known, fresh] = [presences.filter((each) => !unsaid.hasEntered(each)), unsaid.takeEntered()];
      if (this.#patientUntil > 0) for (const presence of fresh) this.#unsaid.entered(presence);
      const states = [
        // Those that left meanwhile, so that they are found to have left.
        ...[...partsOf([], ghosts.map(toPresence))].map((part) => this.#state(part, GONE, () => LOST)),
        ...[...partsOf(interests, known)].map((part) => this.#state(part, mark, () => before)),
        ...(this.#patientUntil > 0 ? [] : this.#stateFresh(fresh, mark)),
      ];
      const standings = new Map<string, Position>();
      for (const state of await Promise.all(states))
        for (const [topic, position] of state) standings.set(topic, position);
      this.#epoch = this.#link.epoch;
      await this.#sweep(mark);
      return standings;
    } catch (error) {
      this.#unsaid.add(unsaid);
      throw error;
    }
  }

  /**
   * What was not stated is no more. In another life of the store others are given the time to state what they have, and
   * what is left of the one before was told: the app has seen it leave.
   */
  async #sweep(mark: number): Promise<void> {
    const sweepNow = async (): Promise<void> => {
      if (mark !== this.#mark) return;
      const sweeping = { owner: this.owner, teller: this.owner, mark: String(mark) };
      if (this.#patientUntil > 0) await sweep(this.#link, { ...sweeping, teller: '', otherMark: GONE }, () => {});
      await sweep(this.#link, sweeping, (changes) => this.tell(changes));
      this.#patientUntil = 0;
      await Promise.all(this.#stateFresh(this.#unsaid.takeEntered(), mark));
      // Of calls whose answers were lost.
      this.#changes.tellRest((await this.#run(STATE, 'untold', this.owner)) as WrittenChanges);
    };
    const leftMs = this.#patientUntil - performance.now();
    if (leftMs <= 0) return sweepNow();
    setTimeout(() => void sweepNow().catch(() => {}), leftMs).unref();
  }

  /** Tells the app of changes, once each. */
  tell(changes: WrittenChanges): void {
    this.#changes.tell(changes);
  }

  /** Whether Redis has lost what this end has said, as far as some of it shows. */
  async isForgotten(most: number): Promise<boolean> {
    this.#interests.forgetEnded();
    const some = this.#interests.some(most);
    if (some.length === 0) return false;
    const missing = (await this.#run(STATE, 'verify', this.owner, ...some)) as number;
    return missing > 0 && some.every((topic) => this.#interests.has(topic));
  }

  /** Those that came while that could not be said. */
  #stateFresh(presences: readonly ChannelPresence[], mark: number): readonly Promise<ReadonlyMap<string, Position>>[] {
    return [...partsOf([], presences)].map(async (part) => {
      try {
        return await this.#state(part, mark, () => '');
      } catch (error) {
        for (const presence of part.presences) this.#unsaid.entered(presence);
        throw error;
      }
    });
  }

  /** @param toldIn the life of the store in which the app was told that a channel is there; `''` for none */
  async #state(
    { interests, presences }: ProcessState,
    mark: number | string,
    toldIn: (presence: ChannelPresence) => string,
  ): Promise<ReadonlyMap<string, Position>> {
    const said = [
      ...interests.flatMap(({ topic, channels }) => [topic, channels]),
      ...presences.flatMap((presence) => {
        const { topic, member, channel, info, remember } = presence;
        return [topic, member, channel, info === undefined ? 0 : 1, info ?? '', remember ? 1 : 0, toldIn(presence)];
      }),
    ];
    const answer = await this.#run(STATE, 'state', this.owner, mark, interests.length, ...said);
    const [epoch, seqs, changes] = answer as readonly [string, readonly number[], WrittenChanges];
    this.tell(changes);
    return new Map(interests.map(({ topic }, index) => [topic, { epoch, seq: seqs[index] as number }]));
  }

  #run(script: Script, ...args: readonly (string | number | Uint8Array)[]): Promise<unknown> {
    return this.#link.run(script, this.#keys(), args);
  }

  #keys(): readonly string[] {
    return [this.#link.key('shared')];
  }
}

function toPresence({ topic, member, channel }: Omit<ChannelPresence, 'info' | 'remember'>): ChannelPresence {
  return { topic, member, channel, info: undefined, remember: true };
}

/** What is stated step by step. */
function* partsOf(interests: ProcessState['interests'], presences: ProcessState['presences']): Generator<ProcessState> {
  for (let from = 0; from < interests.length; from += STATED)
    yield { interests: interests.slice(from, from + STATED), presences: [] };
  for (let from = 0; from < presences.length; from += STATED)
    yield { interests: [], presences: presences.slice(from, from + STATED) };
}

function questionOf(since: Since): readonly (string | number)[] {
  if (since === 'earliest') return ['earliest'];
  if ('left' in since) return ['left', since.left];
  const position = parsePosition(since.position);
  return position === undefined ? ['unknown'] : ['behind', position.epoch, position.seq];
}
