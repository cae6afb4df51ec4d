import type { Client, Reservation } from '../backplane/client-store.ts';

/**
 * What a store of clients may answer to each question. A store is somebody else's code, and its answers may be
 * anything.
 */
export const ANSWERS = {
  has: check('true or false', (answer): answer is boolean => typeof answer === 'boolean'),
  count: check('a whole number', (answer): answer is number => Number.isSafeInteger(answer) && (answer as number) >= 0),
  place: check('what became of a wish', (answer): answer is Reservation => PLACES.has(answer)),
  client: check(
    'a client or undefined',
    (answer): answer is Client | undefined => answer === undefined || isClient(answer),
  ),
  clients: check(
    'a list of clients',
    (answer): answer is readonly Client[] => Array.isArray(answer) && answer.every(isClient),
  ),
};

const PLACES: ReadonlySet<unknown> = new Set<Reservation>(['reserved', 'undecided', 'connected', 'full']);

/** @returns what gives an answer back. It throws a `TypeError` on another than is wanted */
function check<Answer>(wanted: string, isSound: (answer: unknown) => answer is Answer): (answer: unknown) => Answer {
  return (answer) => {
    if (isSound(answer)) return answer;
    throw new TypeError(`The store of clients did not answer with ${wanted}.`);
  };
}

function isClient(value: unknown): value is Client {
  if (typeof value !== 'object' || value === null) return false;
  const { id, address, connectedAt, lastSeenAt, requests } = value as Partial<Record<keyof Client, unknown>>;
  return (
    typeof id === 'string' &&
    typeof address === 'string' &&
    [connectedAt, lastSeenAt, requests].every((each) => Number.isFinite(each))
  );
}
