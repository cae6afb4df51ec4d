import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenServer } from '../../packages/portlight/test/support/open-server.ts';
import { openEcho } from './echo-server.ts';
import { FrameClient } from './frame-client.ts';
import { LANES } from './lanes.ts';
import {
  BINARY,
  CLOSE,
  closeBody,
  CONTINUATION,
  fragments,
  frame,
  PING,
  PONG,
  type ServerEvent,
  TEXT,
} from './web-socket-frames.ts';

/** How the frames are sent: together, each by itself, each byte by itself, or so many bytes at a time. */
type Manner = 'at once' | 'frame by frame' | 'byte by byte' | number;

/** What the server has to say after what is sent, before the close. */
interface Case {
  readonly id: string;
  readonly what: string;
  readonly frames: readonly Buffer[];
  readonly manner?: Manner;
  readonly answers?: readonly ServerEvent[];
  /** How the server ends it; without, the client ends it with 1000. */
  readonly failsWith?: number;
  /** The close is part of what is sent, and is answered with this code. */
  readonly closesWith?: number | undefined;
}

/** In what is named after the cases of the Autobahn test suite 0.8.2, the numbers are those of its list. */
const text = (data: string): readonly ServerEvent[] => [['text', data]];

const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536, 65_536];
const SECTION_1: readonly Case[] = SIZES.flatMap((size, index): readonly Case[] => {
  const manner = index === 7 ? 997 : 'at once';
  return [
    {
      id: `1.1.${index + 1}`,
      what: `text of ${size} bytes`,
      frames: [frame(TEXT, '*'.repeat(size))],
      manner,
      answers: text('*'.repeat(size)),
    },
    {
      id: `1.2.${index + 1}`,
      what: `${size} bytes`,
      frames: [frame(BINARY, Buffer.alloc(size, 0xfe))],
      manner,
      answers: [['binary', '\xfe'.repeat(size)]],
    },
  ];
});

const odd = Buffer.from([0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff]);
const TEN_PINGS = Array.from({ length: 10 }, (_, index) => frame(PING, `payload-${index}`));
const TEN_PONGS = Array.from({ length: 10 }, (_, index): ServerEvent => ['pong', `payload-${index}`]);
const SECTION_2: readonly Case[] = [
  { id: '2.1', what: 'a ping without payload', frames: [frame(PING)], answers: [['pong', '']] },
  { id: '2.2', what: 'a ping with text', frames: [frame(PING, 'Hello, world!')], answers: [['pong', 'Hello, world!']] },
  { id: '2.3', what: 'a ping with bytes', frames: [frame(PING, odd)], answers: [['pong', odd.toString('latin1')]] },
  {
    id: '2.4',
    what: 'a ping of 125 bytes',
    frames: [frame(PING, Buffer.alloc(125, 0xfe))],
    answers: [['pong', '\xfe'.repeat(125)]],
  },
  { id: '2.5', what: 'a ping of 126 bytes', frames: [frame(PING, Buffer.alloc(126, 0xfe))], failsWith: 1002 },
  {
    id: '2.6',
    what: 'a ping of 125 bytes',
    frames: [frame(PING, Buffer.alloc(125, 0xfe))],
    manner: 'byte by byte',
    answers: [['pong', '\xfe'.repeat(125)]],
  },
  { id: '2.7', what: 'a pong nobody asked for', frames: [frame(PONG)] },
  { id: '2.8', what: 'a pong with payload nobody asked for', frames: [frame(PONG, 'unsolicited pong payload')] },
  {
    id: '2.9',
    what: 'such a pong, then a ping',
    frames: [frame(PONG, 'unsolicited pong payload'), frame(PING, 'ping payload')],
    answers: [['pong', 'ping payload']],
  },
  { id: '2.10', what: 'ten pings', frames: TEN_PINGS, answers: TEN_PONGS },
  { id: '2.11', what: 'ten pings', frames: TEN_PINGS, manner: 'byte by byte', answers: TEN_PONGS },
];

const hello = frame(TEXT, 'Hello, world!');
const SECTION_3: readonly Case[] = [
  {
    id: '3.1',
    what: 'text with the reserved bits 1',
    frames: [frame(TEXT, 'Hello, world!', { rsv: 1 })],
    failsWith: 1002,
  },
  {
    id: '3.2',
    what: 'text, then text with 2 and a ping',
    frames: [hello, frame(TEXT, 'Hello, world!', { rsv: 2 }), frame(PING)],
    answers: text('Hello, world!'),
    failsWith: 1002,
  },
  {
    id: '3.3',
    what: 'text, then text with 3 and a ping',
    frames: [hello, frame(TEXT, 'Hello, world!', { rsv: 3 }), frame(PING)],
    manner: 'frame by frame',
    answers: text('Hello, world!'),
    failsWith: 1002,
  },
  {
    id: '3.4',
    what: 'text, then text with 4 and a ping',
    frames: [hello, frame(TEXT, 'Hello, world!', { rsv: 4 }), frame(PING)],
    manner: 'byte by byte',
    answers: text('Hello, world!'),
    failsWith: 1002,
  },
  { id: '3.5', what: 'bytes with 5', frames: [frame(BINARY, odd, { rsv: 5 })], failsWith: 1002 },
  { id: '3.6', what: 'a ping with 6', frames: [frame(PING, 'Hello, world!', { rsv: 6 })], failsWith: 1002 },
  { id: '3.7', what: 'a close with 7', frames: [frame(CLOSE, '', { rsv: 7 })], failsWith: 1002 },
];

const SECTION_4: readonly Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode, index): Case => {
  const step = index % 5;
  const bad = frame(opcode, step % 2 === 1 ? 'reserved opcode payload' : '');
  return {
    id: `4.${index < 5 ? 1 : 2}.${step + 1}`,
    what: `the reserved opcode ${opcode}`,
    frames: step < 2 ? [bad] : [hello, bad, frame(PING)],
    manner: step === 4 ? 'byte by byte' : step === 3 ? 'frame by frame' : 'at once',
    answers: step < 2 ? [] : text('Hello, world!'),
    failsWith: 1002,
  };
});

const first = frame(TEXT, 'fragment1', { fin: false });
const second = frame(CONTINUATION, 'fragment2');
const nothingToContinue = (fin: boolean): readonly Buffer[] => [
  frame(CONTINUATION, 'non-continuation payload', { fin }),
  hello,
];
const MANNERS: readonly Manner[] = ['at once', 'frame by frame', 'byte by byte'];
const WITH_PINGS = [
  first,
  frame(CONTINUATION, 'fragment2', { fin: false }),
  frame(PING, 'ping 1'),
  frame(CONTINUATION, 'fragment3', { fin: false }),
  frame(CONTINUATION, 'fragment4', { fin: false }),
  frame(PING, 'ping 2'),
  frame(CONTINUATION, 'fragment5'),
];
const WITH_PINGS_ANSWERS: readonly ServerEvent[] = [
  ['pong', 'ping 1'],
  ['pong', 'ping 2'],
  ['text', 'fragment1fragment2fragment3fragment4fragment5'],
];
const SECTION_5: readonly Case[] = [
  {
    id: '5.1',
    what: 'a ping in two fragments',
    frames: [frame(PING, 'fragment1', { fin: false }), second],
    failsWith: 1002,
  },
  {
    id: '5.2',
    what: 'a pong in two fragments',
    frames: [frame(PONG, 'fragment1', { fin: false }), second],
    failsWith: 1002,
  },
  ...MANNERS.map((manner, index): Case => ({
    id: `5.${3 + index}`,
    what: 'text in two fragments',
    frames: [first, second],
    manner,
    answers: text('fragment1fragment2'),
  })),
  ...MANNERS.map((manner, index): Case => ({
    id: `5.${6 + index}`,
    what: 'a ping between two fragments',
    frames: [first, frame(PING, 'ping payload'), second],
    manner,
    answers: [
      ['pong', 'ping payload'],
      ['text', 'fragment1fragment2'],
    ],
  })),
  ...MANNERS.map((manner, index): Case => ({
    id: `5.${9 + index}`,
    what: 'a last fragment of nothing',
    frames: nothingToContinue(true),
    manner,
    failsWith: 1002,
  })),
  ...MANNERS.map((manner, index): Case => ({
    id: `5.${12 + index}`,
    what: 'a fragment of nothing',
    frames: nothingToContinue(false),
    manner,
    failsWith: 1002,
  })),
  {
    id: '5.15',
    what: 'a whole message, then a fragment of nothing',
    frames: [first, second, frame(CONTINUATION, 'fragment3', { fin: false }), frame(TEXT, 'fragment4')],
    answers: text('fragment1fragment2'),
    failsWith: 1002,
  },
  {
    id: '5.16',
    what: 'fragments of nothing before texts, twice',
    frames: [
      frame(CONTINUATION, 'fragment1', { fin: false }),
      frame(TEXT, 'fragment2', { fin: false }),
      second,
      frame(CONTINUATION, 'fragment3', { fin: false }),
    ],
    failsWith: 1002,
  },
  {
    id: '5.17',
    what: 'last fragments of nothing before texts, twice',
    frames: [
      frame(CONTINUATION, 'fragment1'),
      frame(TEXT, 'fragment2', { fin: false }),
      second,
      frame(CONTINUATION, 'fragment3'),
    ],
    failsWith: 1002,
  },
  { id: '5.18', what: 'another text inside a text', frames: [first, frame(TEXT, 'fragment2')], failsWith: 1002 },
  { id: '5.19', what: 'five fragments with pings between', frames: WITH_PINGS, answers: WITH_PINGS_ANSWERS },
  {
    id: '5.20',
    what: 'five fragments with pings between',
    frames: WITH_PINGS,
    manner: 'frame by frame',
    answers: WITH_PINGS_ANSWERS,
  },
];

const GREEK = 'κόσμε';
const MIXED = 'Hello-µ@ßöäüàá-UTF-8!!';
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const MIXED_HALF = Buffer.byteLength('Hello-µ@ßöä');
const SURROGATE = bytesOf('cebae1bdb9cf83cebcceb5 eda080 656469746564');
const BEYOND = bytesOf('cebae1bdb9cf83cebcceb5 f4908080 656469746564');
const threeParts = [
  frame(TEXT, BEYOND.subarray(0, 11), { fin: false }),
  frame(CONTINUATION, BEYOND.subarray(11, 15), { fin: false }),
  frame(CONTINUATION, BEYOND.subarray(15)),
];
const fourParts = [
  frame(TEXT, BEYOND.subarray(0, 12), { fin: false }),
  frame(CONTINUATION, BEYOND.subarray(12, 13), { fin: false }),
  frame(CONTINUATION, BEYOND.subarray(13)),
];
/** By the number of the subsection: whole payloads, as valid text or hex. */
const VALID_UTF8: Readonly<Record<string, readonly string[]>> = {
  '6.5': [
    '68656c6c6f24776f726c64',
    '68656c6c6fc2a2776f726c64',
    '68656c6c6fe282ac776f726c64',
    '68656c6c6ff0a4ada2776f726c64',
    'cebae1bdb9cf83cebcceb5',
  ],
  '6.7': ['00', 'c280', 'e0a080', 'f0908080'],
  '6.9': ['7f', 'dfbf', 'efbfbf', 'f48fbfbf'],
  '6.11': ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf'],
  '6.22': [
    ...Array.from({ length: 17 }, (_, plane) => [plane * 0x1_00_00 + 0xff_fe, plane * 0x1_00_00 + 0xff_ff])
      .flat()
      .map((point) => Buffer.from(String.fromCodePoint(point)).toString('hex')),
  ],
  '6.23': ['efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd', 'efbfbe', 'efbfbf'],
};
const BAD_UTF8: Readonly<Record<string, readonly string[]>> = {
  '6.8': ['f888808080', 'fc8480808080'],
  '6.10': ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf'],
  '6.11 beyond': ['f4908080'],
  '6.12': [
    '80',
    'bf',
    '80bf',
    '80bf80',
    '80bf80bf',
    '80bf80bf80',
    '80bf80bf80bf',
    [...Array(0x3f).keys()].map((low) => (0x80 + low).toString(16)).join(''),
  ],
  '6.13': [
    [0xc0, 0xe0],
    [0xe0, 0xf0],
    [0xf0, 0xf8],
    [0xf8, 0xfc],
    [0xfc, 0xfe],
  ].map(([from = 0, to = 0]) =>
    Array.from({ length: to - from }, (_, index) => `${(from + index).toString(16)}20`).join(''),
  ),
  '6.14': ['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'],
  '6.15': ['c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf'],
  '6.16': ['fe', 'ff', 'fefeffff'],
  '6.17': ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'],
  '6.18': ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'],
  '6.19': ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'],
  '6.20': ['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'],
  '6.21': [
    'eda080edb080',
    'eda080edbfbf',
    'edadbfedb080',
    'edadbfedbfbf',
    'edae80edb080',
    'edae80edbfbf',
    'edafbfedb080',
    'edafbfedbfbf',
  ],
};
/** The ends of code points of the Greek word, counted in bytes. */
const WHOLE_PREFIXES = [2, 5, 7, 9, 11];
const SECTION_6: readonly Case[] = [
  { id: '6.1.1', what: 'empty text', frames: [frame(TEXT)], answers: text('') },
  {
    id: '6.1.2',
    what: 'three empty fragments',
    frames: [frame(TEXT, '', { fin: false }), frame(CONTINUATION, '', { fin: false }), frame(CONTINUATION)],
    answers: text(''),
  },
  {
    id: '6.1.3',
    what: 'empty fragments around text',
    frames: [
      frame(TEXT, '', { fin: false }),
      frame(CONTINUATION, 'middle frame payload', { fin: false }),
      frame(CONTINUATION),
    ],
    answers: text('middle frame payload'),
  },
  { id: '6.2.1', what: 'text of several scripts', frames: [frame(TEXT, MIXED)], answers: text(MIXED) },
  { id: '6.2.2', what: 'the same in two fragments', frames: fragments(TEXT, MIXED, MIXED_HALF), answers: text(MIXED) },
  { id: '6.2.3', what: 'the same in fragments of a byte', frames: fragments(TEXT, MIXED, 1), answers: text(MIXED) },
  { id: '6.2.4', what: 'a Greek word in fragments of a byte', frames: fragments(TEXT, GREEK, 1), answers: text(GREEK) },
  { id: '6.3.1', what: 'a surrogate in text', frames: [frame(TEXT, SURROGATE)], failsWith: 1007 },
  { id: '6.3.2', what: 'the same in fragments of a byte', frames: fragments(TEXT, SURROGATE, 1), failsWith: 1007 },
  { id: '6.4.1', what: 'a code point beyond the last, in a fragment', frames: threeParts, failsWith: 1007 },
  { id: '6.4.2', what: 'the same, known from its second byte', frames: fourParts, failsWith: 1007 },
  { id: '6.4.3', what: 'the same as 6.4.1 in one frame', frames: [frame(TEXT, BEYOND)], manner: 11, failsWith: 1007 },
  { id: '6.4.4', what: 'the same as 6.4.2 in one frame', frames: [frame(TEXT, BEYOND)], manner: 12, failsWith: 1007 },
  ...Array.from({ length: 11 }, (_, index): Case => {
    const bytes = Buffer.from('cebae1bdb9cf83cebcceb5', 'hex').subarray(0, index + 1);
    const isWhole = WHOLE_PREFIXES.includes(bytes.byteLength);
    return {
      id: `6.6.${index + 1}`,
      what: `the first ${index + 1} bytes of a Greek word`,
      frames: [frame(TEXT, bytes)],
      ...(isWhole ? { answers: text(bytes.toString()) } : { failsWith: 1007 }),
    };
  }),
  ...Object.entries(VALID_UTF8).flatMap(([id, all]) =>
    all.map((hex, index): Case => ({
      id: `${id}.${index + 1}`,
      what: `the UTF-8 ${hex}`,
      frames: [frame(TEXT, bytesOf(hex))],
      answers: text(bytesOf(hex).toString()),
    })),
  ),
  ...Object.entries(BAD_UTF8).flatMap(([id, all]) =>
    all.map((hex, index): Case => ({
      id: `${id}.${index + 1}`,
      what: `the bytes ${hex.slice(0, 40)}, which are no UTF-8`,
      frames: [frame(TEXT, bytesOf(hex))],
      failsWith: 1007,
    })),
  ),
];

const normal = frame(CLOSE, closeBody(1000));
const LARGE = 'BAsd7&jh23'.repeat(26_215).slice(0, 262_144);
const SECTION_7: readonly Case[] = [
  {
    id: '7.1.1',
    what: 'text, then a close',
    frames: [hello, normal],
    answers: text('Hello, world!'),
    closesWith: 1000,
  },
  { id: '7.1.2', what: 'two closes', frames: [normal, normal], closesWith: 1000 },
  { id: '7.1.3', what: 'a ping behind a close', frames: [normal, frame(PING)], closesWith: 1000 },
  { id: '7.1.4', what: 'text behind a close', frames: [normal, hello], closesWith: 1000 },
  { id: '7.1.5', what: 'a close inside a message', frames: [first, normal, second], closesWith: 1000 },
  {
    id: '7.1.6',
    what: 'a large message, text, a close and a ping',
    frames: [frame(TEXT, LARGE), hello, normal, frame(PING)],
    answers: [...text(LARGE), ...text('Hello, world!')],
    closesWith: 1000,
  },
  { id: '7.3.1', what: 'a close without a body', frames: [frame(CLOSE)], closesWith: undefined },
  { id: '7.3.2', what: 'a close with half a code', frames: [frame(CLOSE, 'a')], failsWith: 1002 },
  { id: '7.3.3', what: 'a close with a code', frames: [normal], closesWith: 1000 },
  {
    id: '7.3.4',
    what: 'a close with a reason',
    frames: [frame(CLOSE, closeBody(1000, 'Hello World!'))],
    closesWith: 1000,
  },
  {
    id: '7.3.5',
    what: 'a close with a reason of 123 bytes',
    frames: [frame(CLOSE, closeBody(1000, '*'.repeat(123)))],
    closesWith: 1000,
  },
  {
    id: '7.3.6',
    what: 'a close with a reason of 124 bytes',
    frames: [frame(CLOSE, closeBody(1000, '*'.repeat(124)))],
    failsWith: 1002,
  },
  {
    id: '7.5.1',
    what: 'a close whose reason is no UTF-8',
    frames: [frame(CLOSE, closeBody(1000, SURROGATE))],
    failsWith: 1007,
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code, index): Case => ({
    id: `7.7.${index + 1}`,
    what: `the close code ${code}`,
    frames: [frame(CLOSE, closeBody(code))],
    closesWith: code,
  })),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code, index): Case => ({
    id: `7.9.${index + 1}`,
    what: `the close code ${code}, which is none`,
    frames: [frame(CLOSE, closeBody(code))],
    failsWith: 1002,
  })),
  {
    id: '7.9',
    what: 'the close code 1015, which only a side itself may use',
    frames: [frame(CLOSE, closeBody(1015))],
    failsWith: 1002,
  },
  ...[5000, 65_535].map((code, index): Case => ({
    id: `7.13.${index + 1}`,
    what: `the close code ${code}, which is none`,
    frames: [frame(CLOSE, closeBody(code))],
    failsWith: 1002,
  })),
];

/** Of sizes that fit into a run; the suite goes up to 16 MiB. */
const large = (size: number): string => 'BAsd7&jh23'.repeat(Math.ceil(size / 10)).slice(0, size);
const bothKinds = (
  id: string,
  step: number,
  what: string,
  size: number,
  rest: { readonly bytes?: number; readonly manner?: Manner },
): readonly Case[] =>
  (
    [
      ['text', TEXT],
      ['binary', BINARY],
    ] as const
  ).map(([kind, opcode], index): Case => ({
    id: `9.${Number(id) + index}.${step}`,
    what: `${kind} of ${size} bytes${what}`,
    frames: fragments(opcode, large(size), rest.bytes ?? size),
    manner: rest.manner ?? 'at once',
    answers: [[kind, large(size)]],
  }));
const SECTION_9: readonly Case[] = [
  ...[65_536, 262_144, 1_048_576].flatMap((size, index) => bothKinds('1', index + 1, '', size, {})),
  ...[256, 1_024, 4_096, 16_384, 65_536].flatMap((bytes, index) =>
    bothKinds('3', index + 2, ` in fragments of ${bytes}`, 262_144, { bytes }),
  ),
  ...[64, 128, 256, 512, 1_024, 2_048].flatMap((bytes, index) =>
    bothKinds('5', index + 1, ` in writes of ${bytes}`, 65_536, { manner: bytes }),
  ),
  ...[0, 16, 64, 256, 1_024, 4_096].flatMap((size, index) =>
    (
      [
        ['text', TEXT],
        ['binary', BINARY],
      ] as const
    ).map(([kind, opcode], other): Case => ({
      id: `9.${7 + other}.${index + 1}`,
      what: `1,000 messages, ${kind} of ${size} bytes`,
      frames: Array<Buffer>(1_000).fill(frame(opcode, large(size))),
      answers: Array.from({ length: 1_000 }, (): ServerEvent => [kind, large(size)]),
    })),
  ),
];

const SECTION_10: readonly Case[] = [
  {
    id: '10.1.1',
    what: 'text of 65,536 bytes in fragments of 1,300',
    frames: fragments(TEXT, large(65_536), 1_300),
    answers: text(large(65_536)),
  },
];

/** What the suite has no number for. */
const OURS: readonly Case[] = [
  {
    id: '§5.1',
    what: 'a frame that is not masked',
    frames: [frame(TEXT, 'Hello', { isMasked: false })],
    failsWith: 1002,
  },
  { id: '§5.1', what: 'a ping that is not masked', frames: [frame(PING, '', { isMasked: false })], failsWith: 1002 },
  { id: '§5.1', what: 'a close that is not masked', frames: [frame(CLOSE, '', { isMasked: false })], failsWith: 1002 },
  {
    id: '§5.5',
    what: 'a close in fragments',
    frames: [frame(CLOSE, closeBody(1000), { fin: false })],
    failsWith: 1002,
  },
  {
    id: '§5.5',
    what: 'a close of 126 bytes, only declared',
    frames: [frame(CLOSE, '', { length: 126n })],
    failsWith: 1002,
  },
  { id: '§5.4', what: 'bytes inside a text', frames: [first, frame(BINARY, 'fragment2')], failsWith: 1002 },
  {
    id: '§5.2',
    what: 'a length of 2^63, only declared',
    frames: [frame(BINARY, '', { length: 2n ** 63n })],
    failsWith: 1009,
  },
  {
    id: '§5.2',
    what: 'a length of 2^64 - 1, only declared',
    frames: [frame(BINARY, '', { length: 2n ** 64n - 1n })],
    failsWith: 1009,
  },
  {
    id: '§5.2',
    what: 'a length of 2^53, only declared',
    frames: [frame(BINARY, '', { length: 2n ** 53n })],
    failsWith: 1009,
  },
  {
    id: '§10.4',
    what: 'a message a byte too large, only declared',
    frames: [frame(BINARY, '', { length: 16_777_217n })],
    failsWith: 1009,
  },
  {
    id: '§8.1',
    what: 'bytes that are no UTF-8 as binary data',
    frames: [frame(BINARY, SURROGATE)],
    answers: [['binary', SURROGATE.toString('latin1')]],
  },
];

describe.each(LANES)('RFC 6455 §5 to §8 on the lane $name', (lane) => {
  let open: OpenServer | undefined;
  beforeAll(async () => {
    open = await openEcho(lane);
  });
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]();
  });

  test.each([
    ...SECTION_1,
    ...SECTION_2,
    ...SECTION_3,
    ...SECTION_4,
    ...SECTION_5,
    ...SECTION_6,
    ...SECTION_7,
    ...SECTION_9,
    ...SECTION_10,
    ...OURS,
  ])('$id $what', async (each) => {
    await using client = await FrameClient.open(open?.port ?? 0);
    send(client, each);
    expect(await outcome(client, each)).toEqual([...(each.answers ?? []), ['close', codeOf(each), reasonOf(each)]]);
    expect(client.reader.isInside).toBe(false);
    expect(open?.log.at('error')).toEqual([]);
  });

  test('frames whose length takes more bytes than it needs are refused, or read as what they say (§5.2)', async () => {
    for (const lengthBytes of [2, 8]) {
      await using client = await FrameClient.open(open?.port ?? 0);
      client.send(frame(TEXT, 'Hello', { lengthBytes }), frame(CLOSE, closeBody(1000)));
      expect([
        [
          ['text', 'Hello'],
          ['close', 1000, ''],
        ],
        [['close', 1002, '']],
      ]).toContainEqual(await client.ended());
    }
  });
});

function send(client: FrameClient, { frames, manner = 'at once' }: Case): void {
  if (manner === 'at once') client.send(...frames);
  else client.sendApart(frames, manner === 'frame by frame' ? undefined : manner === 'byte by byte' ? 1 : manner);
}

/** All that the server says until the connection ends. */
async function outcome(client: FrameClient, each: Case): Promise<readonly ServerEvent[]> {
  if (each.failsWith !== undefined) return client.ended();
  if ('closesWith' in each) return client.ended({ isFirst: false });
  await client.events(each.answers?.length ?? 0);
  return client.send(normal).ended({ isFirst: false });
}

function codeOf(each: Case): number | undefined {
  if (each.failsWith !== undefined) return each.failsWith;
  return 'closesWith' in each ? each.closesWith : 1000;
}

/** The server repeats the reason of a client, or the code alone (§5.5.1). */
function reasonOf({ failsWith }: Case): unknown {
  return failsWith === undefined ? expect.any(String) : '';
}
