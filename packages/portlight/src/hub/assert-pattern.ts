import { DEFAULTS } from '../defaults.ts';
import { ConfigError } from '../errors/config-error.ts';

/** @throws {ConfigError} for what is neither a topic nor a prefix that ends in `*` */
export function assertPattern(method: string, topic: unknown): void {
  if (typeof topic === 'string' && topic !== '' && topic.length <= DEFAULTS.maxTopicLength) return;
  throw new ConfigError(
    `${method} needs the name of a topic, or a prefix that ends in *; at most ${DEFAULTS.maxTopicLength} characters.`,
  );
}
