import { describe, expect, test } from 'vitest';
import { BOUNDARY, field, file, form, MULTIPART, post, rawPart } from '../support/multipart.ts';
import { portless } from '../support/open-server.ts';
import { useUploadFolders } from '../support/upload-folders.ts';
import { cpuTimeMs } from '../support/cpu-time.ts';

const uploads = useUploadFolders();
const BIG = 'x'.repeat(100_000);

/** What a server that reads the form answers, and how often its handler got a form. */
async function send(init: RequestInit): Promise<{ status: number; body: unknown }> {
  const { server, log } = portless((app) =>
    app.post('/', async (request) =>
      [...(await request.formData())].map(([name, value]) => [name, typeof value === 'string' ? value : value.size]),
    ),
  );
  const response = await server.fetch('/', init);
  const body: unknown = await response.json();
  expect(log.at('error')).toEqual([]);
  return { status: response.status, body };
}

describe('a multipart form that is malformed', () => {
  test.each([
    ['no boundary', 'multipart/form-data'],
    ['an empty boundary', 'multipart/form-data; boundary='],
    ['an empty quoted boundary', 'multipart/form-data; boundary=""'],
    ['another boundary', 'multipart/form-data; boundary=other'],
    ['a boundary of 10,000 characters', `multipart/form-data; boundary=${'x'.repeat(10_000)}`],
  ])('with %s is 400', async (_what, type) => {
    expect(await send(post(form(field('a', '1')), type))).toMatchObject({ status: 400 });
  });

  const whole = form(field('a', '1'), file('f', 'f.txt', 'some text'));
  test.each([
    ['is empty', ''],
    ['has no final boundary', whole.replace(`--${BOUNDARY}--\r\n`, '')],
    ['ends in the middle of a part', form(field('a', '1')).slice(0, 60)],
    ['ends in the middle of a file', whole.slice(0, whole.indexOf('some') + 2)],
    ['ends after a file that lies on disk began', form(file('f', 'f', BIG)).slice(0, 90_000)],
    ['has a part without a name', form(rawPart(['content-disposition: form-data'], '1'))],
    [
      'has a file without a name',
      form(rawPart(['content-disposition: form-data; filename="a"', 'content-type: text/plain'], '1')),
    ],
    [
      'has a file on disk without a name',
      form(rawPart(['content-disposition: form-data; filename="a"', 'content-type: text/plain'], BIG)),
    ],
    ['has a name of 2,000 characters', form(field('n'.repeat(2_000), '1'))],
    ['is text', 'a=1&b=2'],
  ])('that %s is 400', async (_what, body) => {
    expect(await send(post(body))).toMatchObject({ status: 400 });
    expect(await uploads.left()).toEqual({ folders: [], open: [] });
  });

  test('is 400 wherever it is cut', async () => {
    const text = form(field('a', '1'), file('f', 'f.txt', 'text'));
    const statuses = new Set<number>();
    for (let length = 0; length < text.length - 4; length++)
      statuses.add((await send(post(text.slice(0, length)))).status);
    expect([...statuses]).toEqual([400]);
  });

  test.each([
    ['a header line without a colon', rawPart(['no colon'], '1')],
    ['no header at all', rawPart([], '1')],
    ['another disposition', rawPart(['content-disposition: attachment; name="b"'], '1')],
    [
      'a header of 100 KB in front of all others',
      rawPart([`x: ${BIG}`, 'content-disposition: form-data; name="b"'], '1'),
    ],
  ])('in a part that has %s is 400, and loses nothing in silence', async (_what, part) => {
    expect(await send(post(form(part, field('a', '2'))))).toMatchObject({ status: 400 });
    expect(await send(post(form(field('a', '2'), part)))).toMatchObject({ status: 400 });
  });
});

describe('a multipart form of unusual shape', () => {
  test('has parts of an empty name', async () => {
    expect(await send(post(form(field('', '1'))))).toEqual({ status: 200, body: [['', '1']] });
  });

  test('has a file of an empty name, as a browser sends it where none was chosen', async () => {
    expect(await send(post(form(file('f', '', ''))))).toEqual({ status: 200, body: [['f', 0]] });
  });

  const disposition = 'content-disposition: form-data; name="a"';
  test.each<[string, string]>([
    [
      'headers called like what objects inherit',
      rawPart(['__proto__: x', 'constructor: y', 'toString: z', disposition], '1'),
    ],
    ['a second disposition', rawPart([disposition, 'content-disposition: form-data; name="b"'], '1')],
    ['a disposition of 16 KB', rawPart([disposition + '; x="'.repeat(3_000)], '1')],
    ['a name that is encoded (RFC 5987)', rawPart(["content-disposition: form-data; name*=UTF-8''%61"], '1')],
    [
      'an encoding, which is not undone (RFC 7578 §4.7)',
      rawPart([disposition, 'content-transfer-encoding: base64'], '1'),
    ],
  ])('has a part with %s', async (_what, part) => {
    expect(await send(post(form(part)))).toEqual({ status: 200, body: [['a', '1']] });
  });

  test.each([
    ['10,000 parts without headers', form(...Array.from({ length: 10_000 }, () => rawPart([])))],
    ['30,000 boundaries', `--${BOUNDARY}\r\n`.repeat(30_000)],
    [
      '15,000 backslashes for a name',
      form(rawPart([`content-disposition: form-data; name="${'\\'.repeat(15_000)}`], '1')),
    ],
    ['15,000 semicolons for parameters', form(rawPart([`content-disposition: form-data${';'.repeat(15_000)}`], '1'))],
    ['3,000 headers in a part', form(rawPart([...Array.from({ length: 3_000 }, () => 'a: b'), disposition], '1'))],
  ])('of %s is read at once', async (_what, body) => {
    const startedAt = cpuTimeMs();
    expect([200, 400]).toContain((await send(post(body))).status);
    expect(cpuTimeMs() - startedAt).toBeLessThan(3_000);
  });

  test('comes byte by byte', async () => {
    const bytes = Buffer.from(form(field('a', '1'), file('f', 'f', 'text')), 'latin1');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const init: RequestInit = { method: 'POST', headers: { 'content-type': MULTIPART }, body, duplex: 'half' };
    expect(await send(init)).toEqual({
      status: 200,
      body: [
        ['a', '1'],
        ['f', 4],
      ],
    });
  });

  test.each(['../../etc/passwd', 'C:\\\\folder\\\\passwd', '/etc/passwd'])(
    'whose file is called %s gives it the last name alone',
    async (name) => {
      const { server } = portless((app) =>
        app.post('/', async (request) => ((await request.formData()).get('f') as File).name),
      );
      expect(await (await server.fetch('/', post(form(file('f', name, 'x'))))).text()).toBe('passwd');
    },
  );
});

test('a disk that takes no file is no fault of the client: 500, and told in the log', async () => {
  const folder = process.env['TMPDIR'];
  process.env['TMPDIR'] = '/none/at/all';
  try {
    const { server, log } = portless((app) => app.post('/', async (request) => [...(await request.formData())].length));
    expect((await server.fetch('/', post(form(file('f', 'f', BIG))))).status).toBe(500);
    expect(log.at('error')[0]?.fields['err']).toMatchObject({ code: 'ENOENT' });
  } finally {
    process.env['TMPDIR'] = folder;
  }
});

test('names and file names hold quotes and line ends, as browsers write them', async () => {
  const { server } = portless((app) =>
    app.post('/', async (request) =>
      [...(await request.formData())].map(([name, value]) => [name, typeof value === 'string' ? value : value.name]),
    ),
  );
  const sent = new FormData();
  sent.append('a"b\r\nc%', '1');
  sent.append('f', new Blob(['x']), 'say "hi".txt');
  expect(await (await server.fetch('/', { method: 'POST', body: sent })).json()).toEqual([
    ['a"b\r\nc%', '1'],
    ['f', 'say "hi".txt'],
  ]);
});
