import type { Random } from '../faults/random.ts';
import { CORPUS } from './corpus.ts';

/** Bytes that mean something in HTTP, and some next to those that do. */
const BYTES = [
  ...'\r\n\0\t\v\f :;,%/#?\\"=&+-_.*@[](){}<>|^`~\'!$\x01\x1b\x7f\x80\x85\xa0\xad\xff0123456789aAzZxX',
  '\r\n',
  '\n\n',
  '\r\r',
  '\r\n\r\n',
  '\r\n ',
  ', ',
  '  ',
  '%0',
  '%00',
  '//',
  'é',
] as const;

/** Bytes that most places may hold, so that what is taken is not only what was not changed. */
const PLAIN = [...'aAzZ059-._~:/ '] as const;

/** Pieces of heads that change what a head means. */
const LINES = [
  'Content-Length: 1\r\n',
  'Content-Length: 0\r\n',
  'content-length:5\r\n',
  'Content-Length: +1\r\n',
  'Content-Length: 01\r\n',
  'Content-Length: 1, 1\r\n',
  'Content-Length: -0\r\n',
  'Content-Length: 0x1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding:\r\n',
  'Host: b\r\n',
  'Host:\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Connection: \r\n',
  'Connection: x, close\r\n',
  'Connection: close\t\r\n',
  'Connection: Keep-Alive\r\n',
  'Content-Length: 0\t\r\n',
  'TE: chunked\r\n',
  'Proxy-Connection: close\r\n',
  'Upgrade: x\r\n',
  'Expect: 100-continue\r\n',
  'x: y\r\n',
  ' folded\r\n',
] as const;

const KINDS: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => splice(text, random.below(text.length), 1, random.pick(BYTES)),
  (text, random) => splice(text, random.below(text.length), 1, random.pick(BYTES)),
  (text, random) => splice(text, random.below(text.length + 1), 0, random.pick(BYTES)),
  (text, random) => splice(text, random.below(text.length + 1), 0, random.pick(BYTES)),
  (text, random) => splice(text, random.below(text.length), 1, random.pick(PLAIN)),
  (text, random) => splice(text, random.below(text.length + 1), 0, random.pick(PLAIN)),
  (text, random) => splice(text, random.below(text.length), 1 + random.below(3), ''),
  (text, random) => splice(text, random.below(text.length), 1, String.fromCharCode(random.below(256))),
  (text, random) => flip(text, random.below(text.length), random.below(8)),
  (text, random) => duplicate(text, random.below(text.length), 1 + random.below(30), random.below(text.length + 1)),
  (text, random) => text.slice(0, 1 + random.below(text.length)),
  (text, random) => cross(text, random.pick(CORPUS), random),
  (text, random) => text + random.pick(CORPUS),
  (text, random) => insertLine(text, random.pick(LINES), random),
  (text, random) => text.replace(/HTTP\/1\.1/g, (version) => (random.below(2) === 0 ? version : random.pick(VERSIONS))),
];

const VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/1.9',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.10',
  'HTTP/1',
] as const;

/** How many changes there are: mostly one, as two rarely leave a request that is taken. */
const CHANGES = [1, 1, 1, 2, 2, 3] as const;

/** A good request with one to three changes; the same for the same random numbers. Some come out good all the same. */
export function mutate(random: Random): string {
  let text = random.pick(CORPUS);
  for (let changes: number = random.pick(CHANGES); changes > 0 && text !== ''; changes--)
    text = random.pick(KINDS)(text, random);
  return text;
}

function splice(text: string, at: number, count: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at + count);
}

function flip(text: string, at: number, bit: number): string {
  return splice(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)));
}

function duplicate(text: string, from: number, count: number, to: number): string {
  return splice(text, to, 0, text.slice(from, from + count));
}

/** The beginning of one, and the end of another. */
function cross(one: string, other: string, random: Random): string {
  return one.slice(0, random.below(one.length)) + other.slice(random.below(other.length));
}

/** A whole line where one may stand. */
function insertLine(text: string, line: string, random: Random): string {
  const ends = [...text.matchAll(/\r\n/g)].map(({ index }) => index + 2);
  return ends.length === 0 ? text : splice(text, random.pick(ends), 0, line);
}
