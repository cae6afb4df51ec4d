import { createParser } from 'eventsource-parser';
import * as fc from 'fast-check';
import { ServerSentEventTransformStream } from 'parse-sse';
import { describe, expect, test } from 'vitest';
import { encodeEvent, type ServerSentEvent } from '../../src/channels/encode-event.ts';

/** What a client makes of an event. */
interface Read {
  readonly event: string;
  readonly data: string;
  /** Of the stream: the last one that was set. */
  readonly id: string;
}

/** As bytes go over the wire: what is not well-formed is lost there. */
function overTheWire(text: string): string {
  return Buffer.from(text).toString();
}

/** Cuts a text at the given places, as packets would. */
function cut(text: string, places: readonly number[]): readonly string[] {
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((one, other) => one - other);
  return [0, ...at].map((start, index) => text.slice(start, at[index] ?? text.length));
}

function readByEventsourceParser(pieces: readonly string[]): {
  readonly events: readonly Read[];
  readonly comments: readonly string[];
  readonly retries: readonly number[];
} {
  const events: Read[] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  let last = '';
  const parser = createParser({
    onEvent({ event, data, id }) {
      last = id ?? last;
      events.push({ event: event || 'message', data, id: last });
    },
    onComment: (comment) => comments.push(comment),
    onRetry: (retry) => retries.push(retry),
    onError: (error) => {
      throw error;
    },
  });
  for (const piece of pieces) parser.feed(piece);
  return { events, comments, retries };
}

async function readByParseSse(pieces: readonly string[]): Promise<readonly Read[]> {
  const source = new ReadableStream<string>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const events: Read[] = [];
  for await (const { type, data, lastEventId } of source.pipeThrough(new ServerSentEventTransformStream()))
    events.push({ event: type, data, id: lastEventId });
  return events;
}

const LINE_ENDS = ['\r', '\n', '\r\n', '\n\r'];
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...LINE_ENDS,
          '\n\n',
          '\0',
          ' ',
          ':',
          '\ufeff',
          '\u2028',
          '\ud800',
          'data: x',
          'event: x',
          'id: x',
          'retry: 1',
        ),
        fc.string(),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);
const line = text.map((value) => value.replaceAll(/[\r\n\0]/g, ''));
/** What a header field carries as it is. */
const id = fc.string({ unit: 'grapheme-ascii', maxLength: 256 }).map((value) => value.trim());
const event = fc.record({ event: line, data: text, id, retry: fc.nat(), comment: text }, { requiredKeys: ['data'] });

/** By the standard the line ends of data are LF when they arrive. */
function expected(events: readonly ServerSentEvent[]): readonly Read[] {
  let last = '';
  return events.map(({ event: type, data, id }) => {
    last = id === undefined ? last : overTheWire(id);
    return {
      event: overTheWire(type ?? '') || 'message',
      data: overTheWire(String(data)).replaceAll(/\r\n|\r/g, '\n'),
      id: last,
    };
  });
}

describe('an encoded event', () => {
  test('arrives as it was sent, one for one, by two parsers, whatever it holds and wherever packets end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        async (events, places) => {
          const pieces = cut(overTheWire(encodeEvent({ retry: 1 }) + events.map(encodeEvent).join('')), places);
          const read = readByEventsourceParser(pieces);
          expect(read.events).toEqual(expected(events));
          expect(read.retries).toEqual([1, ...events.flatMap(({ retry }) => retry ?? [])]);
          // This parser passes over an event whose data is empty; the standard does not.
          expect(await readByParseSse(pieces)).toEqual(expected(events).filter(({ data }) => data !== ''));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('holds no line end but LF, and is whole', () => {
    fc.assert(
      fc.property(event, (one) => {
        const encoded = encodeEvent(one);
        expect(encoded).not.toContain('\r');
        expect(encoded).toMatch(/[^\n]\n\n$/);
        expect(encoded.slice(0, -2)).not.toContain('\n\n');
      }),
    );
  });

  test.each<[string, string, string]>([
    ['a line end', 'a\nb', 'a\nb'],
    ['CR', 'a\rb', 'a\nb'],
    ['CR LF', 'a\r\nb', 'a\nb'],
    ['LF CR', 'a\n\rb', 'a\n\nb'],
    ['what looks like a second event', 'a\n\nevent: evil\ndata: b', 'a\n\nevent: evil\ndata: b'],
    ['the same by CR', 'a\r\revent: evil\rdata: b', 'a\n\nevent: evil\ndata: b'],
    ['nothing', '', ''],
    ['one line end only', '\n', '\n'],
    ['a leading space', ' a', ' a'],
    ['a leading colon', ':a', ':a'],
    ['a byte order mark', '\ufeffa', '\ufeffa'],
    ['NUL', 'a\0b', 'a\0b'],
    ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
    ['line ends of Unicode', 'a\u2028b\u0085c', 'a\u2028b\u0085c'],
    ['1 MB', 'x'.repeat(1_000_000), 'x'.repeat(1_000_000)],
  ])('with data of %s is one event', (_what, data, arrived) => {
    expect(readByEventsourceParser([overTheWire(encodeEvent({ data }))]).events).toEqual([
      { event: 'message', data: arrived, id: '' },
    ]);
  });

  test.each<[unknown, string]>([
    [{ n: 1, text: 'a\nb' }, '{"n":1,"text":"a\\nb"}'],
    [[1, 2], '[1,2]'],
    [null, 'null'],
    [0, '0'],
    [false, 'false'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ])('with data %j is JSON', (data, arrived) => {
    expect(encodeEvent({ data })).toBe(`data: ${arrived}\n\n`);
  });

  test('without data sets id and retry, and is no event', () => {
    expect(encodeEvent({ id: '7', retry: 10 })).toBe('id: 7\nretry: 10\n\n');
    expect(readByEventsourceParser(['id: 7\nretry: 10\n\n']).events).toEqual([]);
    expect(encodeEvent({})).toBe('');
  });

  test('may take back the id, and hold an empty type', () => {
    const { events } = readByEventsourceParser([
      encodeEvent({ data: 'a', id: '7' }),
      encodeEvent({ data: 'b', id: '' }),
      encodeEvent({ data: 'c', event: '' }),
    ]);
    expect(events).toEqual([
      { event: 'message', data: 'a', id: '7' },
      { event: 'message', data: 'b', id: '' },
      { event: 'message', data: 'c', id: '' },
    ]);
  });

  test.each(['a\nevent: evil', 'a\rdata: evil', 'a\r\n\r\ndata: evil', '\n', ''])(
    'keeps the comment %j a comment',
    (comment) => {
      const read = readByEventsourceParser([encodeEvent({ comment, data: 'x' })]);
      expect(read.events).toEqual([{ event: 'message', data: 'x', id: '' }]);
      expect(read.comments.join('\n')).toBe(comment.replaceAll(/\r\n|\r/g, '\n'));
    },
  );
});

describe('what is refused', () => {
  test.each(
    [...LINE_ENDS, '\0', '\n\ndata: evil'].flatMap((end) => [
      { event: `a${end}` },
      { id: `${end}b` },
      { event: `a${end}b` },
      { id: `a${end}b` },
    ]),
  )('%j', (fields) => {
    expect(() => encodeEvent({ data: 'x', ...fields })).toThrow(
      expect.objectContaining({ code: 'ERR_PORTLIGHT_CHANNEL' }),
    );
  });

  test.each(['é', '\u{1f600}', '\ud800', 'a\tb', ' a', 'a ', ' ', '\u007f', '\u0085', 'x'.repeat(257)])(
    'the id %j, which could not come back',
    (id) => {
      expect(() => encodeEvent({ data: 'x', id })).toThrow(/could not send another one back/);
    },
  );

  test('no id that could', () => {
    for (const id of ['x'.repeat(256), 'a b', '!', '~', '<epoch>-7', ''])
      expect(encodeEvent({ id })).toBe(`id: ${id}\n\n`);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', '1\ndata: evil', null, {}])(
    'retry of %j',
    (retry) => {
      expect(() => encodeEvent({ retry: retry as number })).toThrow(
        expect.objectContaining({ code: 'ERR_PORTLIGHT_CHANNEL' }),
      );
    },
  );

  test('retry that has more than digits', () => {
    expect(() => encodeEvent({ retry: 1e21 })).toThrow(expect.objectContaining({ code: 'ERR_PORTLIGHT_CHANNEL' }));
  });

  test.each([null, undefined, 'text', 7, ['a'], { type: 'a' }, { data: 'a', Event: 'b' }, { event: 7 }, { id: 7 }])(
    '%j for an event',
    (value) => {
      expect(() => encodeEvent(value as ServerSentEvent)).toThrow(
        expect.objectContaining({ code: 'ERR_PORTLIGHT_CHANNEL' }),
      );
    },
  );

  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a symbol', Symbol('x')],
  ])('%s for data', (_what, data) => {
    expect(() => encodeEvent({ data })).toThrow(expect.objectContaining({ code: 'ERR_PORTLIGHT_INVALID_REPLY' }));
  });
});
