import { DEFAULTS } from '../defaults.ts';
import { BadRequestError } from '../errors/http-error.ts';

/** A half of a surrogate pair has no UTF-8: two names that differ in it would be one in another process. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The name of a topic. Any text is one: topics often come from a path that a client chose, and no name is special.
 *
 * @throws {BadRequestError} `ERR_PORTLIGHT_INVALID_TOPIC`, when it is no string of 1 to 512 characters
 */
export function parseTopic(topic: unknown): string {
  return parseName(topic, 'topic');
}

/** The name of a member, by the same rule. */
export function parseMemberName(name: unknown): string {
  return parseName(name, 'member');
}

function parseName(name: unknown, what: 'topic' | 'member'): string {
  if (typeof name === 'string' && name !== '' && name.length <= DEFAULTS.maxTopicLength && !LONE_SURROGATE.test(name))
    return name;
  throw new BadRequestError(
    `The name of a ${what} is a string of 1 to ${DEFAULTS.maxTopicLength} characters, well-formed; this is ${describe(name)}.`,
    {
      code: 'ERR_PORTLIGHT_INVALID_TOPIC',
    },
  );
}

function describe(name: unknown): string {
  if (typeof name !== 'string') return name === null ? 'null' : `of type ${typeof name}`;
  if (name === '') return 'empty';
  return name.length > DEFAULTS.maxTopicLength ? `one of ${name.length}` : 'one with half a surrogate pair';
}
