import type { Position } from '../backplane/bus.ts';
import { Publication } from './publication.ts';

/**
 * What says that messages of a topic may be missing.
 *
 * @param since what was asked for, or seen last; `undefined` where the topic has no history
 * @param position from which on nothing is missing
 */
export function announceGap(topic: string, since: string | undefined, position: Position): Publication {
  const payload = JSON.stringify({ topic, since });
  return new Publication({
    topic,
    form: 'json',
    payload,
    event: 'portlight.gap',
    position,
    isKept: since !== undefined,
  });
}
