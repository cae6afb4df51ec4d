import { mkdir } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TempFolder } from '../../packages/portlight/test/support/temp-folder.ts';
import { register, registerWatched } from './app.ts';
import { BODY_CASES } from './cases/bodies.ts';
import { EARLY_CLOSE_CASES } from './cases/early-closes.ts';
import { BYTE_TABLES } from './cases/every-byte.ts';
import { FILE_CASES } from './cases/files.ts';
import { HEADER_LINE_CASES } from './cases/header-lines.ts';
import { METHOD_CASES } from './cases/methods.ts';
import { PIECE_CASES } from './cases/pieces.ts';
import { PIPELINE_CASES } from './cases/pipelines.ts';
import { RESPONSE_CASES, STREAM_CASES } from './cases/responses.ts';
import { TARGET_CASES } from './cases/targets.ts';
import { type Outcome, play, type Script } from './play.ts';
import { TwoServers } from './two-servers.ts';

const TABLES = {
  methods: METHOD_CASES,
  targets: TARGET_CASES,
  'header lines': HEADER_LINE_CASES,
  bodies: BODY_CASES,
  responses: RESPONSE_CASES,
  streams: STREAM_CASES,
  files: FILE_CASES,
  pieces: PIECE_CASES,
  pipelines: PIPELINE_CASES,
};

let folder: TempFolder;
beforeAll(async () => {
  folder = await TempFolder.create();
  await folder.write('page.txt', 'abcdefghijklmnopqrstuvwxyz');
  await folder.write('page.txt.gz', gzipSync('abcdefghijklmnopqrstuvwxyz'));
  await folder.write('empty.txt', '');
  await folder.write('.hidden', 'secret');
  await folder.write('large.bin', Buffer.alloc(4_000_000, 'large'));
  await mkdir(folder.at('folder'));
});
afterAll(() => folder[Symbol.asyncDispose]());

describe.each([
  ['alone', register],
  ['behind middleware and an interceptor', registerWatched],
] as const)('an app %s', (_how, register) => {
  let both: TwoServers;
  beforeAll(async () => {
    both = await TwoServers.start((server, journal) => register(server, journal, folder.path));
  });
  afterAll(() => both[Symbol.asyncDispose]());

  describe.each(Object.entries(TABLES))('%s', (_table, cases) => {
    test.each(Object.entries(cases))('%s', async (_name, script) => {
      const [fast, http] = await playBoth(both, script);
      expect(fast).toEqual(http);
      expect(http.end).not.toBe('silent');
    });
  });

  describe('closes before the client has its answers', () => {
    test.each(Object.entries(EARLY_CLOSE_CASES))('%s', async (_name, script) => {
      const outcomes = await playBoth(both, script);
      for (const { responses, rest, end } of outcomes) {
        expect({ rest, end, isLast: responses.map(({ fields }) => fields.includes('connection: close')) }).toEqual({
          rest: '',
          end: 'FIN',
          isLast: responses.map((_, index) => index === responses.length - 1),
        });
      }
      const [fast, http] = outcomes.map(({ responses }) => responses.map(({ line, body }) => `${line} ${body}`)) as [
        string[],
        string[],
      ];
      const count = Math.min(fast.length, http.length);
      expect(fast.slice(0, count)).toEqual(http.slice(0, count));
    });
  });
});

describe('every byte', () => {
  let both: TwoServers;
  beforeAll(async () => {
    both = await TwoServers.start((server, journal) => register(server, journal, folder.path));
  });
  afterAll(() => both[Symbol.asyncDispose]());

  test.each(Object.entries(BYTE_TABLES))('%s', async (_place, cases) => {
    const differences: unknown[] = [];
    for (const [name, script] of Object.entries(cases)) {
      const [fast, http] = await playBoth(both, script);
      if (http.end === 'silent' || !isDeepStrictEqual(fast, http)) differences.push({ name, fast, http });
    }
    expect(differences).toEqual([]);
  });
});

function playBoth(both: TwoServers, script: Script): Promise<[Outcome, Outcome]> {
  return Promise.all([play(both.fast, script), play(both.http, script)]);
}
