import { expect, test } from 'vitest';
import { parseLogger } from '../../src/log.ts';
import { drain } from '../../src/runners/drain.ts';
import type { Serving } from '../../src/runners/serving.ts';
import type { DrainIdle } from '../../src/socket/edge.ts';

/** What serves one client that says nothing, and is closed only where idle ones are closed at once. */
function serving(drains: DrainIdle[]): Serving {
  let end = (): void => {};
  const isEmpty = new Promise<void>((resolve) => (end = resolve));
  const edge = {
    connectionCount: 1,
    cutCount: 0,
    close() {},
    drain({ idle = 'now' }: { readonly idle?: DrainIdle } = {}) {
      drains.push(idle);
      if (idle === 'now') end();
      return isEmpty;
    },
  };
  const channels = { count: 0, endingCount: 0, stop() {}, async ended() {} };
  return { edge, channels, turns: { renew() {} } } as unknown as Serving;
}

test('a process that drains while others go on waits for nobody when the whole app stops', async () => {
  const drains: DrainIdle[] = [];
  let stopApp = (): void => {};
  const appStops = new Promise<void>((resolve) => (stopApp = resolve));
  const log = { logger: parseLogger(false), verbose: false };
  const options = { reason: 'replaced', timeoutMs: 60_000, delayMs: 0, appGoesOn: true, appStops } as const;
  const drained = drain(serving(drains), [], options, log);
  expect(drains).toEqual(['after-response']);
  stopApp();
  expect(await drained).toMatchObject({ reason: 'replaced', drained: 1, forced: 0 });
  expect(drains).toEqual(['after-response', 'now']);
});
