import type { ValueStore } from '../backplane/value-store.ts';
import type { Line, Reply } from './line.ts';

/** Answers what one child asks of the values that all share. */
export function serveValues(line: Line, values: ValueStore): void {
  line.answer('values.get', async (key) => ({ data: await values.get(key as string) }));
  line.answer('values.delete', async (key) => values.delete(key as string));
  line.answer('values.set', (value) => keep(() => values.set(...(value as [string, string, number]))));
  line.answer('values.claim', (claim) => keep(() => values.claim(...(claim as [string, number]))));
}

/** That there is no room is an answer: an error loses its class on the way. */
async function keep(call: () => unknown): Promise<Reply> {
  try {
    return { data: { isFull: false, outcome: await call() } };
  } catch (error) {
    if ((error as { readonly status?: unknown }).status === 503) return { data: { isFull: true } };
    throw error;
  }
}
