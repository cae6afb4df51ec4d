import { constants } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { awaitFirstChunk } from '../../src/replies/await-first-chunk.ts';
import { sendOpenFile } from '../../src/response/answer-with-file.ts';
import { Descriptor } from '../../src/response/descriptor.ts';
import { FileChunks } from '../../src/response/file-chunks.ts';
import { HttpResponse } from '../../src/response/http-response.ts';
import { inspectResponse, takeBody } from '../../src/response/response-head.ts';
import { StreamedBody } from '../../src/response/streamed-body.ts';
import { openFilesUnder } from '../support/open-files.ts';
import { TempFolder } from '../support/temp-folder.ts';

const ASKED = { method: 'GET', path: '/', header: () => undefined };
let temp: TempFolder;

beforeEach(async () => {
  temp = await TempFolder.create();
});

afterEach(() => temp[Symbol.asyncDispose]());

const noneOpen = (): Promise<void> => expect.poll(() => openFilesUnder(temp.path)).toEqual([]);

const openText = async (text: string): Promise<Descriptor> =>
  Descriptor.open(await temp.write('file.txt', text), constants.O_RDONLY);

/** The body that leaves of a file of which `stat` said so many bytes. */
async function bodyOfSize(text: string, size: number): Promise<unknown> {
  const file = { descriptor: await openText(text), path: 'file.txt', size, modifiedAt: 0, coding: undefined };
  const response = await awaitFirstChunk(sendOpenFile(new HttpResponse(null), file, {}, ASKED), undefined);
  return takeBody(response, inspectResponse(response, 'GET'));
}

test('a small file leaves as its bytes, and one that has grown as those it had', async () => {
  expect(await bodyOfSize('hello', 5)).toEqual(Buffer.from('hello'));
  expect(await bodyOfSize('hello and more', 5)).toEqual(Buffer.from('hello'));
  await noneOpen();
});

test('a file that has become shorter is no whole body: it fails behind what there is of it', async () => {
  const body = (await bodyOfSize('hel', 5)) as StreamedBody;
  expect(body).toBeInstanceOf(StreamedBody);
  expect(await body.next()).toEqual({ done: false, value: Buffer.from('hel') });
  await expect(Promise.resolve(body.next())).rejects.toThrow('fewer bytes than the 5');
  await noneOpen();
});

test('a file of more than one chunk is a stream', async () => {
  const text = 'x'.repeat(300_000);
  const body = (await bodyOfSize(text, text.length)) as StreamedBody;
  const sizes: number[] = [];
  for (let step = await body.next(); step.done !== true; step = await body.next()) sizes.push(step.value.length);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(300_000);
  await noneOpen();
});

test('an empty file leaves as nothing', async () => {
  const body = (await bodyOfSize('', 0)) as StreamedBody;
  expect(await body.next()).toMatchObject({ done: true });
  await noneOpen();
});

test('a descriptor that is closed while it reads is closed behind the read, once, and reads no more', async () => {
  const descriptor = await openText('hello');
  const bytes = new Uint8Array(5);
  const reading = descriptor.read(bytes, 0);
  descriptor.close();
  descriptor.close();
  expect([await reading, Buffer.from(bytes).toString()]).toEqual([5, 'hello']);
  const again = await openText('other');
  expect(await descriptor.read(bytes, 0)).toBe(0);
  again.close();
  await noneOpen();
});

test('chunks that are given up read no more', async () => {
  const chunks = new FileChunks(await openText('hello'), 0, 5);
  await chunks.return();
  expect(await chunks.next()).toEqual({ done: true, value: undefined });
  await noneOpen();
});
