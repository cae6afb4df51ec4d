import type { BusMessage, PassedMessage } from 'portlight';

/** A message without its payload and its topic's place. */
type Head = readonly [
  topic: string,
  form: PassedMessage['form'],
  event: string | null,
  except: string | null,
  user: string | null,
];

const LINE_FEED = 0x0a;

/** All of a message but its payload, on one line. */
export function writeHead({ topic, form, event, except, user }: BusMessage): string {
  return JSON.stringify([topic, form, event ?? null, except ?? null, user ?? null] satisfies Head);
}

/** A message as the script has passed it on: `<epoch> <seq> <prev> <isKept>`, the head, and behind it the payload. */
export function readPassed(data: Buffer): PassedMessage {
  const end = data.indexOf(LINE_FEED);
  const [epoch = '', seq, prev, isKept] = data.toString('latin1', 0, end).split(' ');
  const position = { epoch, seq: Number(seq) };
  return readFrame(data.subarray(end + 1), { position, prev: Number(prev), isKept: isKept === '1' });
}

/** A message of which the place is known. Its payload is bytes, which hold UTF-8 where its form is text. */
export function readFrame(frame: Buffer, place: Pick<PassedMessage, 'position' | 'prev' | 'isKept'>): PassedMessage {
  const end = frame.indexOf(LINE_FEED);
  const [topic, form, event, except, user] = JSON.parse(frame.toString('utf8', 0, end)) as Head;
  return {
    topic,
    form,
    payload: frame.subarray(end + 1),
    event: event ?? undefined,
    except: except ?? undefined,
    user: user ?? undefined,
    ...place,
  };
}

/** The message with text where its form is text. */
export function readable(message: PassedMessage): PassedMessage {
  const { form, payload } = message;
  if (form === 'bytes' || typeof payload === 'string') return message;
  return { ...message, payload: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8') };
}
