import type { MemoryValueStore } from '../backplane/memory-value-store.ts';
import { ServiceUnavailableError } from '../errors/http-error.ts';
import type { Line, Reply } from './line.ts';

/** Answers what one child asks of the values of the primary. */
export function serveValues(line: Line, values: MemoryValueStore): void {
  line.answer('values.get', (key) => ({ data: values.get(key as string) }));
  line.answer('values.delete', (key) => values.delete(key as string));
  line.answer('values.set', (value) => keep(() => values.set(...(value as [string, string, number]))));
  line.answer('values.claim', (claim) => keep(() => values.claim(...(claim as [string, number]))));
}

/** That there is no room is an answer: an error loses its class on the way. */
function keep(call: () => unknown): Reply {
  try {
    return { data: { isFull: false, outcome: call() } };
  } catch (error) {
    if (error instanceof ServiceUnavailableError) return { data: { isFull: true } };
    throw error;
  }
}
