import { describe, expect, test, vi } from 'vitest';
import { Outage } from '../../src/backplane/outage.ts';
import { DEFAULTS } from '../../src/defaults.ts';
import { RecordingLogger } from '../support/recording-logger.ts';

const BACK = 'What this server shares with others can be reached again.';

describe('outages of one backplane', () => {
  test('that come together are told of each, and once when they are over', () => {
    const logger = new RecordingLogger();
    const told = new Set<Outage>();
    const [one, other] = ['one', 'other'].map((sentence) => new Outage({ logger, verbose: false }, sentence, told));
    for (const outage of [one, other]) outage?.begin(new Error('away'));
    for (const outage of [one, other]) outage?.end();
    expect(logger.lines.map(({ message }) => message)).toEqual(['one', 'other', BACK]);
  });

  test('that were not told of are not told to be over', () => {
    const logger = new RecordingLogger();
    let now = 0;
    const outage = new Outage({ logger, verbose: false }, 'one', new Set(), () => now);
    for (let round = 0; round < 3; round++) {
      outage.begin(new Error('away'));
      outage.end();
    }
    now = DEFAULTS.outageLogMs;
    outage.begin(new Error('away'));
    outage.end();
    expect(logger.lines.map(({ message }) => message)).toEqual(['one', BACK, 'one', BACK]);
  });

  test('that begin soon after another are told of when they last', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const logger = new RecordingLogger();
      const outage = new Outage({ logger, verbose: false }, 'one');
      outage.begin(new Error('away'));
      outage.end();
      outage.begin(new Error('away for good'));
      vi.advanceTimersByTime(DEFAULTS.outageLogMs - 1);
      expect(logger.lines.map(({ message }) => message)).toEqual(['one', BACK]);
      vi.advanceTimersByTime(1);
      outage.end();
      expect(logger.lines.map(({ message }) => message)).toEqual(['one', BACK, 'one', BACK]);
    } finally {
      vi.useRealTimers();
    }
  });
});
