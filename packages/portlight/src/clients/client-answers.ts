import type { Reservation } from '../backplane/client-store.ts';
import type { Client } from '../server-view.ts';

/** Gives an answer back. @throws {TypeError} on one that is none */
type Reader<Answer> = (answer: unknown) => Answer;

interface ClientAnswers {
  readonly has: Reader<boolean>;
  readonly count: Reader<number>;
  readonly place: Reader<Reservation>;
  readonly client: Reader<Client | undefined>;
  readonly clients: Reader<readonly Client[]>;
}

const PLACES: ReadonlySet<unknown> = new Set<Reservation>(['reserved', 'undecided', 'connected', 'full']);

/** What a store of clients may answer. A store is somebody else's code, and its answers may be anything. */
export const ANSWERS: ClientAnswers = {
  has: expecting('true or false', (answer): answer is boolean => typeof answer === 'boolean'),
  count: expecting('a count', (answer): answer is number => Number.isSafeInteger(answer) && (answer as number) >= 0),
  place: expecting('what became of a wish', (answer): answer is Reservation => PLACES.has(answer)),
  client: expecting(
    'a client or undefined',
    (answer): answer is Client | undefined => answer === undefined || isClient(answer),
  ),
  clients: expecting(
    'a list of clients',
    (answer): answer is readonly Client[] => Array.isArray(answer) && answer.every(isClient),
  ),
};

function expecting<Answer>(wanted: string, isSound: (answer: unknown) => answer is Answer): Reader<Answer> {
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
