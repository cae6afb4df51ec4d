import { once } from 'node:events';
import { expect, test } from 'vitest';
import { BOUNDARY, MULTIPART } from '../support/multipart.ts';
import { openServer } from '../support/open-server.ts';
import { RawClient, request } from '../support/raw-client.ts';
import { useUploadFolders } from '../support/upload-folders.ts';

const uploads = useUploadFolders();
const MIB = 1_048_576;
const TOTAL = 300;

test('an upload of 300 MB is taken in constant memory by a route that allows it', { timeout: 60_000 }, async () => {
  await using open = await openServer((app) =>
    app.post('/', { maxBodyBytes: 400 * MIB }, async (each) => ((await each.formData()).get('f') as File).size),
  );
  await using client = await RawClient.open(open.port);
  const begin = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="f"; filename="big"\r\n\r\n`;
  const end = `\r\n--${BOUNDARY}--\r\n`;
  const before = process.memoryUsage.rss();
  let most = before;
  client.send(
    request('POST', '/', [`content-type: ${MULTIPART}`, `content-length: ${begin.length + TOTAL * MIB + end.length}`]) +
      begin,
  );
  const chunk = Buffer.alloc(MIB, 'x');
  for (let sent = 0; sent < TOTAL; sent++) {
    if (!client.socket.write(chunk)) await once(client.socket, 'drain');
    most = Math.max(most, process.memoryUsage.rss());
  }
  client.send(end);
  const response = await client.response();
  expect([response.status, response.body]).toEqual([200, String(TOTAL * MIB)]);
  expect(most - before).toBeLessThan(150 * MIB);
  await expect.poll(() => uploads.left()).toEqual({ folders: [], open: [] });
});
