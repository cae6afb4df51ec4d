type MaybePromise<T> = T | Promise<T>;

/** Where in the histories of a bus a message stands. Written `<epoch>-<seq>`. */
export interface Position {
  /** Random, from the birth of what numbers; holds no `-`. Another epoch can be compared with nothing. */
  readonly epoch: string;
  /** Rises by at least 1 with each message that is kept, whatever its topic; from 1. */
  readonly seq: number;
}

export function formatPosition({ epoch, seq }: Position): string {
  return `${epoch}-${seq}`;
}

/** @returns `undefined` for anything that is no position: clients send what they like */
export function parsePosition(text: string): Position | undefined {
  const dash = text.lastIndexOf('-');
  const digits = text.slice(dash + 1);
  if (dash < 1 || !/^(?:0|[1-9]\d{0,15})$/.test(digits)) return undefined;
  const seq = Number(digits);
  return Number.isSafeInteger(seq) ? { epoch: text.slice(0, dash), seq } : undefined;
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
  /** Given by the bus to what it keeps. */
  readonly position: Position | undefined;
}

/** For how long a message is kept. */
export interface Retention {
  /** How many messages of the topic, this one included. */
  readonly size: number;
  /** `undefined`: until others push it out. */
  readonly ttlMs: number | undefined;
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
  readonly messages: readonly BusMessage[];
}

/** What became of a message. */
export interface Published {
  readonly position: Position | undefined;
  /** How many channels got it, in all processes. */
  readonly subscribers: number;
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

/** The process at this end of a bus. Neither method throws. */
export interface BusReceiver {
  /** A message of a topic in which interest was told. @returns how many channels of this process got it */
  receive(message: BusMessage): number;
  /** Told to one process only: the one whose call made the change, or another where that one is gone. */
  memberChanged(change: MemberChange): void;
}

/**
 * What processes tell each other: messages by topic, their histories, and who is where. This is the end that one
 * process has.
 *
 * Calls take effect in the order in which they are made, whether or not their answers are waited for. All processes
 * see the messages of a topic in one order, which is that of their positions where they have any.
 *
 * An answer is a promise where it has to come from elsewhere, and rejects where that cannot be reached.
 */
export interface Bus {
  /** Called once, before anything else. */
  connect(receiver: BusReceiver): void;
  /**
   * From the answer on, all messages of the topic arrive, and none that was passed on before the call: a bus whose
   * answers are promises resolves this one in line with the messages. Called when the first channel of this process
   * joins.
   */
  subscribe(topic: string): MaybePromise<void>;
  unsubscribe(topic: string): MaybePromise<void>;
  /**
   * Numbers and keeps the message where `keep` says so, and passes it to all who are interested, this process included.
   */
  publish(message: BusMessage, keep: Retention | undefined): MaybePromise<Published>;
  /** What was published before the call and is still kept. May also hold messages that have not arrived yet. */
  read(topic: string, since: Since): MaybePromise<Replay>;
  /** A channel is in the topic under a name. Again, with the same channel: its info changed. */
  enter(topic: string, member: string, channel: string, info: string | undefined): MaybePromise<void>;
  /** @param remember whether to keep when the name left, for `{ left }`; the bus may forget the longest gone */
  exit(topic: string, member: string, channel: string, remember: boolean): MaybePromise<void>;
  /** In the order of joining. */
  presence(topic: string): MaybePromise<readonly PresentMember[]>;
}
