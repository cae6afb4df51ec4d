import { expect, test } from 'vitest';
import { Pulse } from '../../src/channels/pulse.ts';

const immediate = (): Promise<void> => new Promise((resolve) => void setImmediate(() => resolve()));

function watched(): { readonly pulse: Pulse; readonly done: string[] } {
  const done: string[] = [];
  return { done, pulse: new Pulse(1_000, { ping: () => done.push('ping'), cut: () => done.push('cut') }) };
}

test('asks who is silent, once, and cuts who stays silent 20 s more', async () => {
  const { pulse, done } = watched();
  for (const now of [0, 999, 1_000, 2_000, 20_999]) pulse.beat(now);
  await immediate();
  expect(done).toEqual(['ping']);
  pulse.beat(21_000);
  await immediate();
  expect(done).toEqual(['ping', 'cut']);
});

test('begins anew with whatever comes', async () => {
  const { pulse, done } = watched();
  pulse.beat(0);
  pulse.beat(1_000);
  pulse.note();
  for (const now of [20_000, 20_999]) pulse.beat(now);
  expect(done).toEqual(['ping']);
  pulse.beat(21_000);
  await immediate();
  expect(done).toEqual(['ping', 'ping']);
});

test('spares whose answer was there, and is read only after a block of the process', async () => {
  const { pulse, done } = watched();
  pulse.beat(0);
  pulse.beat(1_000);
  pulse.beat(60_000);
  pulse.note();
  await immediate();
  expect(done).toEqual(['ping']);
});
