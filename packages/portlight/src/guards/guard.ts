import type { HttpError } from '../errors/http-error.ts';
import type { HttpRequest } from '../request/http-request.ts';

/** What a guard says of a request. */
export interface Verdict {
  /** Why the request gets no further. */
  readonly refusal?: HttpError | undefined;
  /** Fields that the response has in any case. */
  readonly fields?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Looks at a request once it is routed, before its body is read. Waits for nothing where nothing has to be waited for.
 */
export type Guard = (request: HttpRequest) => Verdict | Promise<Verdict>;

const PASSED: Verdict = {};

/**
 * Whether a browser asks if a page of another origin may send a request (Fetch, CORS-preflight request). It says
 * nothing of who it is, so guards have nothing to judge it by.
 */
function isPreflight(request: HttpRequest): boolean {
  return (
    request.method === 'OPTIONS' &&
    (request.header('origin') ?? '') !== '' &&
    (request.header('access-control-request-method') ?? '') !== ''
  );
}

/** Asks the guards that a request has to pass. @throws what a guard throws */
export function judgeRequest(guards: readonly Guard[], request: HttpRequest): Verdict | Promise<Verdict> {
  return isPreflight(request) ? PASSED : askGuards(guards, request);
}

/** Asks guards in their order, up to the first that refuses. @throws what a guard throws */
function askGuards(
  guards: readonly Guard[],
  request: HttpRequest,
  before: Verdict = PASSED,
  start = 0,
): Verdict | Promise<Verdict> {
  let verdict = before;
  for (let index = start; index < guards.length; index++) {
    const next = (guards[index] as Guard)(request);
    if (next instanceof Promise) {
      const [sofar, following] = [verdict, index + 1];
      return next.then((late) =>
        late.refusal === undefined ? askGuards(guards, request, join(sofar, late), following) : join(sofar, late),
      );
    }
    verdict = join(verdict, next);
    if (next.refusal !== undefined) break;
  }
  return verdict;
}

function join(one: Verdict, other: Verdict): Verdict {
  if (one.fields === undefined) return other;
  return { refusal: other.refusal, fields: { ...one.fields, ...other.fields } };
}
