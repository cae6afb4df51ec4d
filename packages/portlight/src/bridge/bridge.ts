import type { SharedState } from '../backplane/shared-state.ts';
import type { PublishOptions, PublishResult } from '../server-view.ts';
import type { HttpRequest } from '../request/http-request.ts';
import { authenticate } from './authenticate.ts';
import type { BridgeSecrets } from './bridge-options.ts';
import { type BridgeMessage, parsePublications } from './parse-publications.ts';

/** By which a bridge publishes. */
export type Publish = (topic: string, data: unknown, options: PublishOptions) => Promise<PublishResult>;

/** What a bridge answers with, for each message. */
type BridgeReply = PublishResult | { readonly messages: readonly PublishResult[] };

/** The handler of a bridge: who proves to know a secret publishes what the body asks for. */
export function bridgeHandler(
  secrets: BridgeSecrets,
  shared: Pick<SharedState, 'values'>,
  publish: Publish,
): (request: HttpRequest) => Promise<BridgeReply> {
  return async (request) => {
    await authenticate(request, secrets, shared.values);
    const { isBatch, messages } = parsePublications(await request.json());
    // All are handed over before any is waited for, so that they go out in their order.
    const results = await Promise.all(messages.map((message) => publishToAll(message, publish)));
    return isBatch ? { messages: results } : (results[0] as PublishResult);
  };
}

async function publishToAll({ topics, data, options }: BridgeMessage, publish: Publish): Promise<PublishResult> {
  const results = await Promise.all(topics.map((topic) => publish(topic, data, options)));
  const [first] = results as [PublishResult];
  return {
    // Each topic has positions of its own.
    id: results.length === 1 ? first.id : options.id,
    subscribers: results.reduce((sum, { subscribers }) => sum + subscribers, 0),
  };
}
