import { describe, expect, test } from 'vitest';
import { RequestBody } from '../../src/request/request-body.ts';
import { FakeBody } from '../support/fake-body.ts';

const tooLarge = expect.objectContaining({ status: 413, code: 'ERR_PORTLIGHT_PAYLOAD_TOO_LARGE' });

function limited(source: FakeBody, limitBytes: number): RequestBody {
  const body = new RequestBody(source);
  body.limitBytes = limitBytes;
  return body;
}

describe('RequestBody.bytes', () => {
  test('joins the chunks, and gives the same bytes again without reading again', async () => {
    const source = FakeBody.of('ab', 'cd');
    const body = new RequestBody(source);
    const first = await body.bytes();
    expect(Buffer.from(first).toString()).toBe('abcd');
    expect(await body.bytes()).toBe(first);
    expect(source.starts).toBe(1);
  });

  test('is empty where there is no body', async () => {
    const body = new RequestBody(undefined);
    expect(body.isPresent).toBe(false);
    expect((await body.bytes()).byteLength).toBe(0);
  });

  test('takes a body of exactly the limit', async () => {
    expect((await limited(FakeBody.of('abcd'), 4).bytes()).byteLength).toBe(4);
  });

  test('ends at the first byte over the limit, and asks the client to wait', async () => {
    const source = new FakeBody();
    const reading = limited(source, 4).bytes();
    source.sink?.chunk(Buffer.from('abcd'));
    expect(source.isPaused).toBe(false);
    source.sink?.chunk(Buffer.from('e'));
    expect(source.isPaused).toBe(true);
    source.sink?.chunk(Buffer.from('f'));
    source.sink?.end();
    await expect(reading).rejects.toEqual(tooLarge);
  });

  test('refuses a declared length over the limit without reading', async () => {
    const source = new FakeBody(5);
    const body = limited(source, 4);
    expect(() => body.assertDeclaredWithinLimit()).toThrow(tooLarge);
    await expect(body.bytes()).rejects.toEqual(tooLarge);
    expect(source.starts).toBe(0);
  });

  test('fails as its source fails', async () => {
    const source = new FakeBody();
    const reading = new RequestBody(source).bytes();
    source.sink?.fail(new Error('The client is gone.'));
    await expect(reading).rejects.toThrow('The client is gone.');
  });
});

describe('RequestBody.stream', () => {
  test('gives the chunks as they come', async () => {
    const source = new FakeBody();
    const reader = new RequestBody(source).stream().getReader();
    source.sink?.chunk(Buffer.from('ab'));
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('ab');
    source.sink?.chunk(Buffer.from('cd'));
    source.sink?.end();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('cd');
    expect((await reader.read()).done).toBe(true);
  });

  test('lets the client wait while nobody reads, and goes on when somebody does', async () => {
    const source = new FakeBody();
    const reader = new RequestBody(source).stream().getReader();
    source.sink?.chunk(new Uint8Array(40 * 1024));
    expect(source.isPaused).toBe(false);
    source.sink?.chunk(new Uint8Array(40 * 1024));
    expect(source.isPaused).toBe(true);
    await reader.read();
    await reader.read();
    expect(source.isPaused).toBe(false);
  });

  test('fails at the first byte over the limit', async () => {
    const source = new FakeBody();
    const reader = limited(source, 4).stream().getReader();
    source.sink?.chunk(Buffer.from('abcd'));
    source.sink?.chunk(Buffer.from('e'));
    await expect(reader.closed).rejects.toEqual(tooLarge);
  });

  test('drops what comes after its reader has lost interest', async () => {
    const source = new FakeBody();
    const stream = new RequestBody(source).stream();
    await stream.cancel();
    source.sink?.chunk(Buffer.from('ab'));
    source.sink?.end();
    expect(source.isPaused).toBe(false);
  });

  test('is empty where there is no body', async () => {
    expect((await new RequestBody(undefined).stream().getReader().read()).done).toBe(true);
  });

  test('can be taken once, and not beside the bytes', async () => {
    const streamed = new RequestBody(FakeBody.of('a'));
    streamed.stream();
    expect(() => streamed.stream()).toThrow(TypeError);
    await expect(streamed.bytes()).rejects.toThrow(TypeError);
    const read = new RequestBody(FakeBody.of('a'));
    await read.bytes();
    expect(() => read.stream()).toThrow(TypeError);
  });
});
