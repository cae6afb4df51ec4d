import { ConfigError } from '../errors/config-error.ts';

/** A certificate and what belongs to it, as Node's `tls.createSecureContext` takes them: PEM text or bytes. */
export interface TlsOptions {
  readonly key: string | Buffer;
  /** The certificate, and after it those that lead to the root. */
  readonly cert: string | Buffer;
  readonly passphrase?: string;
  /** Who may have signed the certificates of clients. */
  readonly ca?: string | Buffer | (string | Buffer)[];
  /** Asks clients for a certificate. @default false */
  readonly requestCert?: boolean;
  /** Refuses clients without a good one, where they are asked. @default true */
  readonly rejectUnauthorized?: boolean;
  /** @default 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
}

const NAMES: ReadonlySet<string> = new Set([
  'key',
  'cert',
  'passphrase',
  'ca',
  'requestCert',
  'rejectUnauthorized',
  'minVersion',
  'ciphers',
]);

/** @throws {ConfigError} when no connection could be made with them */
export function assertTlsOptions(options: unknown): asserts options is TlsOptions {
  const { key, cert } = (options ?? {}) as Partial<TlsOptions>;
  const unknown = Object.keys(options ?? {}).find((name) => !NAMES.has(name));
  if (unknown !== undefined)
    throw new ConfigError(`The option tls has no field ${JSON.stringify(unknown)}.`, 'ERR_PORTLIGHT_INVALID_OPTION');
  if (key === undefined || cert === undefined)
    throw new ConfigError('The option tls needs a key and a cert.', 'ERR_PORTLIGHT_INVALID_OPTION');
  try {
    process.getBuiltinModule('node:tls').createSecureContext(options as TlsOptions);
  } catch (cause) {
    throw new ConfigError(
      `The option tls holds no usable certificate: ${(cause as Error).message}.`,
      'ERR_PORTLIGHT_INVALID_OPTION',
      cause,
    );
  }
}
