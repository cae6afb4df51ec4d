import { ConfigError } from '../errors/config-error.ts';
import { Code, suggest, writeCall } from './write-call.ts';

/** What a function of the app is called with: how many arguments, how a sentence names them, and one that is right. */
type Given = readonly [count: number, what: string, example: string];

type Kind =
  | 'handler'
  | 'middleware'
  | 'error handler'
  | 'interceptor'
  | 'observer'
  | 'handler of events'
  | 'handler of messages'
  | 'plugin'
  | 'function that registers';

const GIVEN: Readonly<Record<Kind, Given>> = {
  handler: [1, 'the request alone, and sends what it returns', "(request) => 'Hello'"],
  middleware: [2, 'the request and next, which resolves to the response', '(request, next) => next()'],
  'error handler': [
    2,
    'the error and the request, and sends what it returns',
    '(error, request) => HttpResponse.problem(error)',
  ],
  interceptor: [2, 'the response and the request', '(response, request) => …'],
  observer: [1, 'one object that tells of all', '({ request, status }) => …'],
  'handler of events': [2, 'the stream and the request', "(stream, request) => stream.join('news')"],
  'handler of messages': [2, 'the message and the channel', '(message, channel) => message'],
  plugin: [1, 'the router alone', '(router) => …'],
  'function that registers': [1, 'the router alone', '(group) => …'],
};

/**
 * Refuses a function that wants more than it would be given, as those of other frameworks do: `(req, res)`. Parameters
 * count up to the first that has a default.
 *
 * @param name what the app called, as a sentence names it
 * @param write writes the call with a function that is right
 * @throws {ConfigError}
 */
export function assertParameters(
  wanted: unknown,
  kind: Kind,
  name: string,
  write: (example: Code) => string = (example) => writeCall(name, example),
): void {
  const [count, what, example] = GIVEN[kind];
  if (typeof wanted !== 'function' || wanted.length <= count) return;
  if (kind === 'middleware' && wanted.length > 3) {
    const call = writeCall('error', new Code(GIVEN['error handler'][2]));
    throw new ConfigError(suggest(`${name} takes no function for errors, which has four parameters elsewhere`, call));
  }
  const has = `this one has ${wanted.length} parameters without a default`;
  throw new ConfigError(suggest(`${name} gives its ${kind} ${what}; ${has}`, write(new Code(example))));
}
