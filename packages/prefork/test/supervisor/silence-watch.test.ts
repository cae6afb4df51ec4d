import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SilenceWatch, type Watched } from '../../src/supervisor/silence-watch.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** One that is watched, and how often it was found silent. */
function watch(limitMs: number) {
  const watched: Watched = { silentMs: 0 };
  const found: Watched[] = [];
  const watch = new SilenceWatch(limitMs, () => [watched]);
  watch.start((silent) => found.push(silent));
  return { watched, found, watch };
}

describe('a watch', () => {
  it('finds who says nothing, and not who does', () => {
    const { watched, found, watch: it } = watch(4_000);
    for (let second = 0; second < 10; second++) {
      vi.advanceTimersByTime(3_000);
      watched.silentMs = 0;
    }
    expect(found).toEqual([]);
    vi.advanceTimersByTime(3_999);
    expect(found).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(found).toEqual([watched]);
    it.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not count the time in which it could not look itself', () => {
    const { watched, found, watch: it } = watch(4_000);
    vi.advanceTimersByTime(1_000);
    // The clock goes on, and no timer fires.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 3_600_000);
    vi.advanceTimersByTime(1_000);
    expect([found, watched.silentMs]).toEqual([[], 2_500]);
    vi.advanceTimersByTime(2_000);
    expect(found).toEqual([watched]);
    it.stop();
  });

  it('of no limit does not look', () => {
    watch(Infinity);
    expect(vi.getTimerCount()).toBe(0);
  });
});
