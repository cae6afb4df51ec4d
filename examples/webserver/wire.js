import { Router } from 'portlight';
import { z } from 'zod';
import { LESSONS } from './lessons.js';
import { speak } from './speak.js';

/** Longer than the longest lesson takes. */
const ALL_MS = 10_000;

const asked = {
  params: z.object({ lesson: z.enum(Object.keys(LESSONS)) }),
  rateLimit: { max: 60, windowSeconds: 60 },
};

/** Routes by which the page has this server speak with itself, and sees the bytes of both sides when they pass. */
export function wireOf(portOf) {
  return new Router()
    .get('/', () => Object.entries(LESSONS).map(([name, { title, about }]) => ({ name, title, about })))
    .events('/:lesson', asked, async (stream, { params, signal }) => {
      const startedAt = performance.now();
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), ALL_MS);
      await speak(LESSONS[params.lesson].steps, portOf(), {
        signal: AbortSignal.any([signal, late.signal]),
        tell: (side, bytes) => stream.send({ data: { side, bytes, ms: Math.round(performance.now() - startedAt) } }),
      }).finally(() => clearTimeout(timer));
      stream.send({ event: 'done', data: 'closed' });
      stream.close();
    });
}
