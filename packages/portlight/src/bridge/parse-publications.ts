import * as z from 'zod/mini';
import { DEFAULTS } from '../defaults.ts';
import { ValidationError } from '../errors/validation-error.ts';
import { isEventName } from '../hub/encode-message.ts';
import type { PublishOptions } from '../server-view.ts';
import { isName } from '../hub/parse-topic.ts';
import { onDemand } from '../on-demand.ts';

/** What one message asks to be published: the same to each of its topics. */
export interface BridgeMessage {
  readonly topics: readonly string[];
  readonly data: unknown;
  readonly options: PublishOptions;
}

/** Whether it came as `{ messages }`, and is answered so. */
export interface BridgeRequest {
  readonly isBatch: boolean;
  readonly messages: readonly BridgeMessage[];
}

const NAME = `must be a well-formed string of 1 to ${DEFAULTS.maxTopicLength} characters`;
const EVENT = 'must be a string that is not empty and has no line break and no NUL';
const TTL = 'must be a whole number of milliseconds, from 1';
const TOPICS = `must be an array of 1 to ${DEFAULTS.maxBridgeTopics} topics`;
const MESSAGES = `must be an array of 1 to ${DEFAULTS.maxBridgeMessages} messages`;
const MESSAGE = 'must be an object such as { "topic": "news", "data": "Hello" }';

/** Made with the first request: most servers have no bridge. */
const schemas = onDemand(() => {
  const name = z.string(NAME).check(z.refine(isName, NAME));
  const message = z
    .strictObject(
      {
        topic: z.optional(name),
        topics: z.optional(
          z.array(name, TOPICS).check(z.minLength(1, TOPICS), z.maxLength(DEFAULTS.maxBridgeTopics, TOPICS)),
        ),
        data: z.optional(z.unknown()),
        event: z.optional(z.string(EVENT).check(z.refine(isEventName, EVENT))),
        id: z.optional(name),
        except: z.optional(z.string('must be a string: the id of a channel')),
        user: z.optional(name),
        ttlMs: z.optional(z.int(TTL).check(z.minimum(1, TTL))),
      },
      MESSAGE,
    )
    .check(
      z.refine(({ data }) => data !== undefined, { path: ['data'], error: 'is missing' }),
      z.refine(({ topic, topics }) => (topic === undefined) !== (topics === undefined), 'needs either topic or topics'),
    );
  const messages = z
    .array(message, MESSAGES)
    .check(z.minLength(1, MESSAGES), z.maxLength(DEFAULTS.maxBridgeMessages, MESSAGES));
  return { message, batch: z.strictObject({ messages }) };
});

/**
 * What the body of a request asks for, all of it or nothing.
 *
 * @throws {ValidationError} 400, listing all that is wrong
 */
export function parsePublications(body: unknown): BridgeRequest {
  const isBatch = typeof body === 'object' && body !== null && 'messages' in body;
  const { batch, message } = schemas();
  const result = isBatch ? batch.safeParse(body) : message.safeParse(body);
  if (!result.success)
    throw new ValidationError(
      result.error.issues.map((issue) => ({
        in: 'body',
        path: issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
        message: issue.code === 'unrecognized_keys' ? `has no field ${issue.keys.join(', ')}` : issue.message,
      })),
    );
  const messages = 'messages' in result.data ? result.data.messages : [result.data];
  return { isBatch, messages: messages.map(toMessage) };
}

type Sent = z.infer<ReturnType<typeof schemas>['message']>;

function toMessage({ topic, topics = [topic as string], data, ...options }: Sent): BridgeMessage {
  return { topics: [...new Set(topics)], data, options: options as PublishOptions };
}
