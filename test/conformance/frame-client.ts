import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import { type Agreement, CLOSE, frame, FrameReader, type ServerEvent } from './web-socket-frames.ts';

/** The lines of a right opening handshake. */
export const HANDSHAKE: readonly string[] = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version: 13',
];

/** A connection that speaks frames, whose server is watched for every rule. */
export class FrameClient implements AsyncDisposable {
  readonly raw: RawClient;
  /** What the server answered the handshake with. */
  readonly head: string;
  readonly reader: FrameReader;
  #problem: Error | undefined;

  private constructor(raw: RawClient, head: string, rest: string) {
    this.raw = raw;
    this.head = head;
    this.reader = new FrameReader(readAgreement(head));
    // What came is kept by the reader.
    raw.received = '';
    raw.socket.prependListener('data', (text: string) => {
      this.#feed(text);
      raw.received = '';
    });
    this.#feed(rest);
  }

  /** @param fields header lines beside those of the handshake */
  static async open(port: number, path = '/', fields: readonly string[] = []): Promise<FrameClient> {
    const raw = await RawClient.open(port);
    return FrameClient.upgrade(raw, get(path, ...HANDSHAKE, ...fields));
  }

  /** Sends a handshake over a connection that is open, and maybe frames behind it. */
  static async upgrade(raw: RawClient, bytes: string | Uint8Array): Promise<FrameClient> {
    raw.send(bytes);
    await raw.until(() => raw.received.includes('\r\n\r\n') || raw.isClosed, 'the answer to a handshake');
    const end = raw.received.indexOf('\r\n\r\n') + 4;
    const head = raw.received.slice(0, end);
    if (!head.startsWith('HTTP/1.1 101 '))
      throw new Error(`The handshake was answered with ${JSON.stringify(raw.received)}.`);
    return new FrameClient(raw, head, raw.received.slice(end));
  }

  send(...parts: readonly Uint8Array[]): this {
    this.raw.send(Buffer.concat(parts));
    return this;
  }

  /** Each part in a write of its own; with `bytes`, in writes of so many. */
  sendApart(parts: readonly Uint8Array[], bytes = Number.POSITIVE_INFINITY): this {
    for (const part of parts)
      for (let at = 0; at < part.byteLength; at += bytes)
        this.raw.send(part.subarray(at, Math.min(part.byteLength, at + bytes)));
    return this;
  }

  /** The first so many things the server said. */
  async events(count: number): Promise<readonly ServerEvent[]> {
    await this.raw.until(
      () => this.#holds(this.reader.events.length >= count),
      `${count} events; there were ${this.reader.events.length}`,
    );
    this.#assertFine();
    return this.reader.events.slice(0, count);
  }

  /** Resolves when the condition holds, or the server broke a rule. */
  async until(condition: () => boolean, what: string): Promise<void> {
    await this.raw.until(() => this.#holds(condition()), what);
    this.#assertFine();
  }

  /**
   * All that the server said until it closed the connection. Its close frame is answered, unless this side closed
   * first.
   */
  async ended({ isFirst = true }: { readonly isFirst?: boolean } = {}): Promise<readonly ServerEvent[]> {
    await this.until(
      () => this.reader.events.at(-1)?.[0] === 'close' || this.raw.hasEnded || this.raw.isClosed,
      'a close frame',
    );
    if (isFirst && !this.raw.socket.destroyed) this.send(frame(CLOSE));
    await this.raw.ended();
    this.#assertFine();
    return this.reader.events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.raw[Symbol.asyncDispose]();
  }

  #holds(condition: boolean): boolean {
    return this.#problem !== undefined || condition;
  }

  #feed(text: string): void {
    if (this.#problem !== undefined) return;
    try {
      this.reader.feed(Buffer.from(text, 'latin1'));
    } catch (error) {
      this.#problem = error as Error;
    }
  }

  /** @throws when the server broke a rule */
  #assertFine(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }
}

/** What the server said of permessage-deflate in its answer. */
function readAgreement(head: string): Agreement | undefined {
  const extensions = /^sec-websocket-extensions: (.*)$/im.exec(head)?.[1];
  if (extensions?.startsWith('permessage-deflate') !== true) return undefined;
  return {
    serverKeepsContext: !extensions.includes('server_no_context_takeover'),
    serverWindowBits: Number(/server_max_window_bits=(\d+)/.exec(extensions)?.[1] ?? 15),
  };
}
