import type { Bus, Position, Published, Replay } from '../backplane/bus.ts';
import { notNow } from '../backplane/not-now.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { DEFAULTS } from '../defaults.ts';
import { inTime } from '../in-time.ts';
import { isPromiseLike } from '../response/is-promise-like.ts';

type MaybePromise<T> = T | Promise<T>;

/**
 * Asks the bus, which may fail, answer something else, or never. What is there at once is no promise; a failure always
 * is one, which rejects with a `ServiceUnavailableError` a second after the call at the latest.
 */
export class BusDesk {
  readonly #shared: SharedState;

  constructor(shared: SharedState) {
    this.#shared = shared;
  }

  /** @param isSound whether it is an answer at all; left out where nobody looks at it */
  ask<Answer>(
    call: (bus: Bus) => MaybePromise<Answer>,
    isSound: (answer: Answer) => boolean = () => true,
  ): MaybePromise<Answer> {
    try {
      const answer = call(this.#shared.bus);
      return isPromiseLike(answer) ? this.#await(answer, isSound) : accept(answer, isSound);
    } catch (error) {
      return fail(error);
    }
  }

  async #await<Answer>(answer: PromiseLike<Answer>, isSound: (answer: Answer) => boolean): Promise<Answer> {
    try {
      return accept(await inTime(answer, DEFAULTS.storeTimeoutMs, tookTooLong), isSound);
    } catch (error) {
      return await fail(error);
    }
  }
}

/** Whether it is a position. */
export function isPosition(value: unknown): value is Position {
  const { epoch, seq } = (value ?? {}) as Partial<Position>;
  return typeof epoch === 'string' && Number.isSafeInteger(seq);
}

/** Whether it is what a bus answers to `publish`. */
export function isPublished(value: unknown): value is Published {
  const { position, subscribers } = (value ?? {}) as Partial<Published>;
  return isPosition(position) && Number.isSafeInteger(subscribers);
}

/** Whether it is what a bus answers to `read`. */
export function isReplay(value: unknown): value is Replay {
  const { gap, messages } = (value ?? {}) as Partial<Replay>;
  return (
    (gap === undefined || isPosition(gap)) &&
    Array.isArray(messages) &&
    messages.every((each: unknown) => isPosition((each as { position?: unknown } | undefined)?.position))
  );
}

function accept<Answer>(answer: Answer, isSound: (answer: Answer) => boolean): Answer {
  if (!isSound(answer)) throw new TypeError('The bus answered something that is no answer.');
  return answer;
}

async function fail(error: unknown): Promise<never> {
  throw notNow('Topics cannot be reached at the moment.', error);
}

function tookTooLong(): Error {
  return new Error(`The bus did not answer within ${DEFAULTS.storeTimeoutMs} ms.`);
}
