import { createHash } from 'node:crypto';

/**
 * A topic that no app can name, so that no client can choose it: what packages of the house say from process to
 * process. Rules for topics, of histories and presence, are not for it.
 */
export class InnerTopic {
  readonly name: string;

  /** @param text any text; it may be a client's */
  constructor(text: string) {
    this.name = `${MARK}${text.length <= MOST_AS_IT_IS && !LONE_SURROGATE.test(text) ? text : digest(text)}`;
  }
}

/** No name of an app's topic begins with it. */
const MARK = '\0';
/** What has one has no UTF-8, and could be two names in one process and one in another. */
export const LONE_SURROGATE: RegExp = /\p{Surrogate}/u;
/** In characters; what is longer goes by its digest. */
const MOST_AS_IT_IS = 256;

/** Whether the name is that of an inner topic. */
export function isInner(name: string): boolean {
  return name.startsWith(MARK);
}

/** Of a length that a text as it is does not have. */
function digest(text: string): string {
  return createHash('sha512').update(text, 'utf16le').digest('hex').repeat(3);
}
