import { isPromiseLike } from '../response/is-promise-like.ts';
import type { Line } from './line.ts';

/** Answers the calls of a name with what a function makes of their data, at once where that is no promise. */
export function answerCalls(line: Line, name: string, answer: (question: never) => unknown): void {
  line.answer(name, (question) => {
    const data = answer(question as never);
    return isPromiseLike(data) ? Promise.resolve(data).then((late) => ({ data: late })) : { data };
  });
}
