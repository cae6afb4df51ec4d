import { ConfigError } from '../errors/config-error.ts';
import { isMediaType, type MediaTypes } from '../fields/media-type.ts';

/** Media types by extension, without its dot: `{ m4b: 'audio/mp4' }`. */
export type MimeTypes = Readonly<Record<string, string>>;

/** @throws {ConfigError} when it is no record, or one of its extensions or types is none */
export function parseMimeTypes(value: unknown): MediaTypes | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw invalid("must be a record such as { m4b: 'audio/mp4' }");
  const types = new Map<string, string>();
  for (const [extension, type] of Object.entries(value)) {
    const key = extension.toLowerCase();
    if (!/^[^./\\\s]+$/.test(key))
      throw invalid(
        `has the key ${JSON.stringify(extension)}, which is no extension: one word without its dot, such as "m4b"`,
      );
    if (types.has(key)) throw invalid(`has the extension ${JSON.stringify(key)} twice`);
    if (typeof type !== 'string' || !isMediaType(type))
      throw invalid(`must have a media type such as "audio/mp4" for ${JSON.stringify(extension)}, not ${show(type)}`);
    types.set(key, type);
  }
  return types;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value;
}

function invalid(what: string): ConfigError {
  return new ConfigError(`The option mimeTypes ${what}.`, 'ERR_PORTLIGHT_INVALID_OPTION');
}
