import { DEFAULTS } from '../defaults.ts';
import { BadRequestError } from '../errors/http-error.ts';
import { InnerTopic, isInner, LONE_SURROGATE } from './inner-topic.ts';

/**
 * The name of a topic. Any text is one, but for those that begin with NUL, which are ours: topics often come from a
 * path that a client chose.
 *
 * @throws {BadRequestError} `ERR_PORTLIGHT_INVALID_TOPIC`, when it is no string of 1 to 512 characters
 */
export function parseTopic(topic: unknown): string {
  return topic instanceof InnerTopic ? topic.name : parseName(topic, 'topic');
}

/** The name of a member, by the same rule. */
export function parseMemberName(name: unknown): string {
  return parseName(name, 'member');
}

/** Whether a text may be the name of a topic or of a member. */
export function isName(text: string): boolean {
  return text !== '' && text.length <= DEFAULTS.maxTopicLength && !isInner(text) && !LONE_SURROGATE.test(text);
}

function parseName(name: unknown, what: 'topic' | 'member'): string {
  if (typeof name === 'string' && isName(name)) return name;
  throw new BadRequestError(
    `The name of a ${what} is a string of 1 to ${DEFAULTS.maxTopicLength} characters, well-formed, and begins with no NUL; this is ${describe(name)}.`,
    {
      code: 'ERR_PORTLIGHT_INVALID_TOPIC',
    },
  );
}

function describe(name: unknown): string {
  if (typeof name !== 'string') return name === null ? 'null' : `of type ${typeof name}`;
  if (name === '') return 'empty';
  if (isInner(name)) return 'one with NUL in front';
  return name.length > DEFAULTS.maxTopicLength ? `one of ${name.length}` : 'one with half a surrogate pair';
}
