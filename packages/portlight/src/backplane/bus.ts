type MaybePromise<T> = T | Promise<T>;

/** Where in the messages of a bus something stands. Written `<epoch>-<seq>`. */
export interface Position {
  /** Random, from the birth of what numbers; holds no `-`. Another epoch can be compared with nothing. */
  readonly epoch: string;
  /**
   * Rises by at least 1 with each message, whatever its topic, and whether or not it is kept; that of the first is 1.
   */
  readonly seq: number;
}

/** A position as it is written. */
export function formatPosition({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`;
}

/** What a position says. @returns `undefined` for anything that is none: clients send what they like */
export function parsePosition(text: string): Position | undefined {
  const dash = text.lastIndexOf('-');
  const digits = text.slice(dash + 1);
  if (dash < 1 || !/^(?:0|[1-9]\d{0,15})$/.test(digits)) return undefined;
  const seq = Number(digits);
  return Number.isSafeInteger(seq) ? { epoch: text.slice(0, dash), seq } : undefined;
}

/** Whether `place` is at `limit` or before it, in the same epoch. */
export function isUpTo(place: Position, limit: Position | undefined): boolean {
  return limit !== undefined && place.seq <= limit.seq && place.epoch === limit.epoch;
}

/** What is published, in the form in which it goes from process to process. Nobody on the way reads the payload. */
export interface BusMessage {
  readonly topic: string;
  /** How the payload is meant: text and bytes as they are, `json` as JSON text. */
  readonly form: 'text' | 'bytes' | 'json';
  /** Bytes where the form is `bytes`, else text. Belongs to the message: nobody changes it. */
  readonly payload: string | Uint8Array;
  readonly event: string | undefined;
  /** The id of a channel that does not get it. */
  readonly except: string | undefined;
  /** The one name whose channels get it. */
  readonly user: string | undefined;
}

/** A message as it is passed on. */
export interface PassedMessage extends BusMessage {
  readonly position: Position;
  /**
   * A seq between which and its own the topic has no message: who has seen the topic up to there misses nothing in
   * front of this one. Usually that of the topic's message before.
   */
  readonly prev: number;
  /** Whether a history has it. */
  readonly isKept: boolean;
  /**
   * Passed on to the processes of one machine alone, while the others cannot be reached: it has no place among other
   * messages, and `position` and `prev` compare with nothing.
   */
  readonly isAside?: true | undefined;
}

/** For how long a message is kept. */
export interface Retention {
  /** How many messages of the topic, this one included. */
  readonly size: number;
  /** `undefined`: until others push it out. */
  readonly ttlMs: number | undefined;
  /** For so long it is given to who comes later, where that is less. What it leaves behind is no gap. */
  readonly freshMs?: number | undefined;
}

/** How a message is to be published. */
export interface PublishTerms {
  /** `undefined`: it is not kept. */
  readonly keep: Retention | undefined;
  /**
   * Claims this id of the topic together with the publish, for so long. A repeat meanwhile is not passed on, and gets
   * the answer of the first. The bus may forget the oldest of very many.
   */
  readonly once: { readonly id: string; readonly ttlMs: number } | undefined;
  /**
   * Whether the channel of `except` is in the topic, as far as this process knows: then it is not counted. With `user`
   * it says nothing: presence knows whether that channel has the name.
   */
  readonly isExceptThere: boolean;
}

/**
 * From where a history is read: all of it, behind a position as a client sent it, or behind the moment at which the
 * last channel of this name left the topic. While one is there nothing was missed; where no departure is known,
 * anything may have been.
 */
export type Since = 'earliest' | { readonly position: string } | { readonly left: string };

/** What a history has. */
export interface Replay {
  /**
   * Set where something may be missing in front of the messages: the position was of another epoch, or too old, or
   * none; or it is not known when the name left. It is the position from which on nothing is missing.
   */
  readonly gap: Position | undefined;
  /** In order, without a hole. */
  readonly messages: readonly PassedMessage[];
}

/** What became of a message. */
export interface Published {
  readonly position: Position;
  /**
   * How many channels it is handed to, in all processes, by what they had said of their interest and presence when it
   * was numbered: nobody waits until they have it.
   */
  readonly subscribers: number;
}

/** One channel that is in a topic under a name. */
export interface ChannelPresence {
  readonly topic: string;
  readonly member: string;
  readonly channel: string;
  /** JSON text. */
  readonly info: string | undefined;
  /**
   * Whether to keep when the name left, for `{ left }`; the bus may forget the longest gone. Said on entering, since
   * nobody says anything for a process that died.
   */
  readonly remember: boolean;
}

/** All that one process has on a bus. */
export interface ProcessState {
  /** In which topics it has how many channels. */
  readonly interests: readonly { readonly topic: string; readonly channels: number }[];
  readonly presences: readonly ChannelPresence[];
}

/** One name that is in a topic, with any number of channels. */
export interface PresentMember {
  readonly member: string;
  /** JSON text; that of the latest join. */
  readonly info: string | undefined;
  readonly channels: number;
  /** In ms since the epoch; that of the first channel. */
  readonly joinedAt: number;
}

/** A name came into a topic with its first channel, or left it with its last. */
export interface MemberChange {
  readonly topic: string;
  readonly kind: 'joined' | 'left';
  readonly member: string;
  /** JSON text. */
  readonly info: string | undefined;
}

/** The process at this end of a bus. No method throws. */
export interface BusReceiver {
  /**
   * A message of a topic in which interest was told, each once and in the order of their positions. Some may be missing
   * where the bus was cut off, which `prev` shows; some may be older than the last `setInterest`, or be left over from
   * an interest that has ended.
   */
  receive(message: PassedMessage): void;
  /**
   * Told to one process: the one whose call made the change, or another where that one is gone. The answer is the
   * acknowledgement: where the process dies before it, another one is told the same change once more.
   */
  memberChanged(change: MemberChange): void | Promise<void>;
  /**
   * The bus can be reached again after a time in which messages may have been missed or calls been lost. Nothing
   * arrives from here on, neither message nor answer, that is older; what was asked before and took effect before has
   * rejected. The process has to `restate` what it has.
   */
  interrupted(): void;
}

/**
 * What processes tell each other: messages by topic, their histories, and who is where. This is the end that one
 * process has.
 *
 * Calls take effect in the order in which they are made, whether or not their answers are waited for. All processes
 * see the messages of a topic in one order, which is that of their positions.
 *
 * An answer is a promise where it has to come from elsewhere, and rejects where that cannot be reached. What rejects
 * may have taken effect; then `interrupted` follows when the bus can be reached again.
 */
export interface Bus {
  /** Called once, before anything else. */
  connect(receiver: BusReceiver): void;
  /**
   * This process has so many channels in the topic; 0 is none. Called for each channel that joins or leaves. A lower
   * number than before may take effect later, since it only concerns the count of subscribers, but no later than what
   * is said next of the topic.
   *
   * @returns where the topic stands: its messages up to there are older than the call, and all behind it arrive, maybe
   *   before the answer. That is its last message as long as somebody is interested in the topic, and else may be
   *   anything behind that: a process would look for what is between the two
   */
  setInterest(topic: string, channels: number): MaybePromise<Position>;
  /**
   * Numbers the message, keeps it where the terms say so, and passes it to all who are interested, this process
   * included. Where the others cannot be reached, a bus may pass it on aside instead, to the processes of its own
   * machine: then the position is of an epoch of its own.
   */
  publish(message: BusMessage, terms: PublishTerms): MaybePromise<Published>;
  /** What was published before the call and is still kept. May also hold messages that have not arrived yet. */
  read(topic: string, since: Since): MaybePromise<Replay>;
  /** A channel is in the topic under a name. Again, with the same channel: its info changed. */
  enter(presence: ChannelPresence): MaybePromise<void>;
  exit(topic: string, member: string, channel: string): MaybePromise<void>;
  /** In the order of joining. */
  presence(topic: string): MaybePromise<readonly PresentMember[]>;
  /**
   * All that this process has, in place of whatever is known of it. What differs is a join or a leave, first the joins;
   * what does not differ is no change, and told to nobody.
   *
   * @returns where each of the topics stands, as `setInterest` does
   */
  restate(state: ProcessState): MaybePromise<ReadonlyMap<string, Position>>;
}
