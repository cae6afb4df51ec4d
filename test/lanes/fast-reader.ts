import { DEFAULT_SERVER_CONFIG } from '../../packages/portlight/src/config/server-options.ts';
import { HeadParser, readFields } from '../../packages/portlight/src/socket/fast-lane/head-parser.ts';
import type { Reading } from './readings.ts';

const LONGEST_PADDING = 4_096;

/** The requests that the fast lane takes of some bytes, and those bytes. */
export interface Taken {
  readonly requests: readonly Reading[];
  /** The bytes up to where the last of them ends. A body of which the end is missing is filled up. */
  readonly text: string;
}

/**
 * The fast lane's parser, used as the lane uses it: one for all connections, so that nothing of one head may reach the
 * next.
 */
export class FastReader {
  readonly #parser: HeadParser = new HeadParser(DEFAULT_SERVER_CONFIG);

  read(whole: string): Taken {
    const parser = this.#parser;
    const requests: Reading[] = [];
    let text = whole;
    let bytes = Buffer.from(text, 'latin1');
    let at = 0;
    while (at < text.length && parser.read(bytes, text, at)) {
      const { method, target, fieldLines, contentLength, asksToClose, end: start } = parser;
      const end = start + Math.max(contentLength, 0);
      if (end > text.length + LONGEST_PADDING) break;
      if (end > text.length) {
        text = text.padEnd(end, 'x');
        bytes = Buffer.from(text, 'latin1');
      }
      requests.push({
        method,
        target,
        rawHeaders: readFields(fieldLines),
        body: text.slice(start, end),
        keepsAlive: !asksToClose,
      });
      at = end;
      if (asksToClose) break;
    }
    return { requests, text: text.slice(0, at) };
  }
}
