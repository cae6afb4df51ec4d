import { expect, test } from 'vitest';
import { decodeCertificates, encodeCertificates } from '../../src/runners/child-protocol.ts';

test('certificates are the same on the other side, bytes and lists of them too', () => {
  const options = {
    key: 'text',
    cert: Buffer.from([0, 1, 255]),
    ca: [Buffer.from('one'), 'two'],
    requestCert: true,
    minVersion: 'TLSv1.3' as const,
  };
  const sent: unknown = JSON.parse(JSON.stringify(encodeCertificates(options)));
  expect(decodeCertificates(sent as Readonly<Record<string, unknown>>)).toEqual(options);
});
