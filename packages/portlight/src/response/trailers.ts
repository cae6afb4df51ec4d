import { DEFAULTS } from '../defaults.ts';
import { ReplyError } from '../errors/reply-error.ts';
import { showValue } from '../errors/show-value.ts';
import { fieldControls, HeaderList } from '../fields/header-list.ts';
import { headerProblem } from '../fields/header-syntax.ts';
import { inTime } from '../in-time.ts';
import { type HeaderValue, toFieldTexts } from './field-text.ts';
import { isPromiseLike } from './is-promise-like.ts';

/** `undefined` leaves the field out. */
type LateValue = HeaderValue | undefined;

/** A value, or what gives it once the last chunk was sent: a checksum, for example. */
export type TrailerValue = LateValue | (() => LateValue | PromiseLike<LateValue>);

/** Fields that follow a streamed body, by their names. */
export type TrailerFields = Readonly<Record<string, TrailerValue>>;

/** What a client must know before the body comes, or may act on at once (RFC 9110 §6.5.1). */
const NOT_BEHIND: ReadonlySet<string> = new Set([
  ...[
    'connection',
    'content-length',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ],
  ...[
    'content-disposition',
    'content-encoding',
    'content-language',
    'content-location',
    'content-range',
    'content-type',
  ],
  ...['authorization', 'cookie', 'proxy-authenticate', 'proxy-authorization', 'set-cookie', 'www-authenticate'],
  ...['age', 'cache-control', 'date', 'expires', 'pragma', 'vary', 'warning', 'location', 'retry-after', 'host'],
  ...['expect', 'max-forwards', 'range', 'accept-ranges', 'clear-site-data', 'content-security-policy'],
]);

/** The trailers of a streamed body (RFC 9112 §7.1.2). Their names are known before it, their values behind it. */
export class Trailers {
  /** What the field `Trailer` says. */
  readonly names: string;
  readonly #fields: TrailerFields;

  /** @throws {ReplyError} on a name that no field may have, or none behind a body; on a value that none may have */
  constructor(fields: TrailerFields) {
    if (typeof fields !== 'object' || fields === null || Symbol.iterator in fields || isPromiseLike(fields))
      throw new ReplyError(
        `The trailers of a response are a record such as { 'x-checksum': () => sum }, not ${showValue(fields)}.`,
      );
    for (const [name, value] of Object.entries(fields)) {
      assertName(name);
      if (value !== undefined && typeof value !== 'function') add(new HeaderList(), name, value);
    }
    this.#fields = { ...fields };
    this.names = Object.keys(fields).join(', ').toLowerCase();
  }

  /**
   * Asks for the values.
   *
   * @returns name, value, name, value
   * @throws what a function throws; `ReplyError` on a value that no field may have, or one that does not come
   */
  async read(): Promise<readonly string[]> {
    const list = new HeaderList();
    for (const [name, value] of Object.entries(this.#fields)) {
      const late = typeof value === 'function' ? value() : value;
      const text = isPromiseLike(late) ? await inTime(late, DEFAULTS.replyTimeoutMs, `The trailer "${name}"`) : late;
      if (text !== undefined) add(list, name, text);
    }
    return fieldControls.flat(list);
  }
}

function add(list: HeaderList, name: string, value: HeaderValue): void {
  for (const text of toFieldTexts(value, `The trailer ${showValue(name)}`)) list.append(name, text);
}

function assertName(name: string): void {
  const problem = headerProblem(name, '');
  if (problem !== undefined) throw new ReplyError(problem, 'ERR_PORTLIGHT_INVALID_HEADER');
  if (NOT_BEHIND.has(name.toLowerCase()))
    throw new ReplyError(
      `${name} cannot be a trailer: a client needs it before the body.`,
      'ERR_PORTLIGHT_INVALID_HEADER',
    );
}
