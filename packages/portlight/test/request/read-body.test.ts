import { describe, expect, test } from 'vitest';
import { FakeBody } from '../support/fake-body.ts';
import { newRequest } from '../support/new-request.ts';

const withBody = (text: string, ...rawHeaders: readonly string[]) =>
  newRequest({ method: 'POST', body: FakeBody.of(text), rawHeaders });

describe('the body of a request', () => {
  test('as JSON is the same value each time', async () => {
    const request = withBody('{"a":[1]}');
    const value = await request.json();
    expect(value).toEqual({ a: [1] });
    expect(await request.json()).toBe(value);
  });

  test('can be read as JSON, text and bytes one after the other', async () => {
    const request = withBody('"é"');
    expect(await request.text()).toBe('"é"');
    expect(await request.json()).toBe('é');
    expect(Buffer.from(await request.bytes()).toString('hex')).toBe('22c3a922');
  });

  test('that is no JSON fails the same way each time', async () => {
    const request = withBody('{');
    await expect(request.json()).rejects.toMatchObject({ status: 400, code: 'ERR_PORTLIGHT_MALFORMED_BODY' });
    await expect(request.json()).rejects.toMatchObject({ status: 400 });
    expect(await request.text()).toBe('{');
  });

  test('that is not there is empty text, no bytes, an empty stream, and no JSON', async () => {
    expect(await newRequest().text()).toBe('');
    expect((await newRequest().bytes()).byteLength).toBe(0);
    expect((await newRequest().stream().getReader().read()).done).toBe(true);
    await expect(newRequest().json()).rejects.toMatchObject({ status: 400 });
  });

  test.each(['gzip', 'br', 'deflate, gzip', 'GZIP'])(
    'with Content-Encoding %s is 415 as text and JSON, and comes as it is as bytes',
    async (encoding) => {
      const request = withBody('{}', 'content-encoding', encoding);
      await expect(request.json()).rejects.toMatchObject({ status: 415, code: 'ERR_PORTLIGHT_UNSUPPORTED_MEDIA_TYPE' });
      await expect(request.text()).rejects.toMatchObject({ status: 415 });
      expect((await request.bytes()).byteLength).toBe(2);
    },
  );

  test.each(['utf-7', 'utf-16', 'iso-8859-1'])('in the charset %s is 415', async (charset) => {
    await expect(withBody('{}', 'content-type', `application/json; charset=${charset}`).json()).rejects.toMatchObject({
      status: 415,
    });
  });

  test.each([
    'application/json',
    'application/json; charset=UTF-8',
    'text/plain; charset="utf-8"',
    'text/plain; charset=us-ascii',
    'nonsense',
  ])('of the type %s is read', async (type) => {
    expect(await withBody('{}', 'content-type', type).json()).toEqual({});
  });

  test('with the encoding "identity" is read', async () => {
    expect(await withBody('{}', 'content-encoding', 'identity').json()).toEqual({});
  });

  test('that is no UTF-8 is 400 as text', async () => {
    const body = new FakeBody(undefined, (sink) => {
      sink.chunk(Uint8Array.of(0xff));
      sink.end();
    });
    await expect(newRequest({ body }).text()).rejects.toMatchObject({
      status: 400,
      code: 'ERR_PORTLIGHT_MALFORMED_BODY',
    });
  });

  test('can be taken as a stream once', () => {
    const request = withBody('a');
    request.stream();
    expect(() => request.stream()).toThrow('The body of this request was already read.');
  });
});
