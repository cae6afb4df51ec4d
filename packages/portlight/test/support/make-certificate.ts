import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { TempFolder } from './temp-folder.ts';

const OPENSSL = 'openssl';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * Whether this machine has openssl. Where it has not, the tests that need it are skipped, which is said loudly; in CI
 * they are not, and fail.
 */
export function hasOpenssl(): boolean {
  const isThere = spawnSync(OPENSSL, ['version']).status === 0;
  if (!isThere)
    process.stderr.write(
      '\n*** openssl is missing (Debian: apt-get install openssl). The TLS tests are SKIPPED. ***\n\n',
    );
  return isThere || process.env['CI'] !== undefined;
}

/** A certificate that signs itself, for one name. */
export async function makeCertificate(name: string): Promise<Certificate> {
  await using folder = await TempFolder.create();
  const [key, cert] = [folder.at('key.pem'), folder.at('cert.pem')];
  await promisify(execFile)(OPENSSL, [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-addext',
    `subjectAltName=DNS:${name},IP:127.0.0.1`,
  ]);
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
}
