import type { BusMessage, PassedMessage, Replay } from '../backplane/bus.ts';
import { textOf } from '../backplane/text-of.ts';
import type { Reply } from './line.ts';
import { ownBytes } from './own-bytes.ts';

/** A message without its payload, which goes beside it. */
export type MessageHead = Omit<BusMessage, 'payload'>;
type PassedHead = Omit<PassedMessage, 'payload'>;

const NOTHING: Uint8Array = new Uint8Array();

/** The payload as it goes over a line: text as UTF-8. */
export function bytesOf({ payload }: BusMessage): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

export function headOf({ topic, form, event, except, user }: BusMessage): MessageHead {
  return { topic, form, event, except, user };
}

export function passedHeadOf(message: PassedMessage): PassedHead {
  const { position, prev, isKept, isAside } = message;
  return { ...headOf(message), position, prev, isKept, isAside };
}

/** What is published, with its payload left in the bytes in which it came. */
export function readUnread(
  { topic, form, event, except, user }: MessageHead,
  payload: Uint8Array = NOTHING,
): BusMessage {
  return { topic, form, payload, event, except, user };
}

/** A message as who receives it expects it. */
export function readPassed(data: unknown, body: Uint8Array = NOTHING): PassedMessage {
  const { topic, form, event, except, user, position, prev, isKept, isAside } = data as PassedHead;
  const payload = form === 'bytes' ? ownBytes(body) : textOf(body);
  return { topic, form, payload, event, except, user, position, prev, isKept, isAside };
}

/** The heads with the length of each payload, and the payloads one after the other. */
export function writeReplay({ gap, messages }: Replay): Reply {
  const payloads = messages.map(bytesOf);
  const heads = messages.map((message, index) => [payloads[index]?.byteLength, passedHeadOf(message)]);
  return { data: { gap, heads }, body: Buffer.concat(payloads) };
}

export function readReplay({ data, body = NOTHING }: Reply): Replay {
  const { gap, heads } = data as Pick<Replay, 'gap'> & { readonly heads: readonly (readonly [number, unknown])[] };
  let at = 0;
  const messages = heads.map(([length, head]) => readPassed(head, body.subarray(at, (at += length))));
  return { gap, messages };
}
