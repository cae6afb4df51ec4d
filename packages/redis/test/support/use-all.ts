import { createPolicy } from '@portlight/rate-limit';
import type { Backplane, BusMessage, BusReceiver } from 'portlight';
import { expect } from 'vitest';

const nobody: BusReceiver = { receive: () => {}, interrupted: () => {}, memberChanged: () => {} };

const message: BusMessage = {
  topic: 'room',
  form: 'text',
  payload: 'Ahoy',
  event: undefined,
  except: undefined,
  user: undefined,
};

/** Opens two machines of one app, and uses each part once. */
export async function useAll(one: Backplane, other: Backplane): Promise<void> {
  for (const { bus } of [one, other]) bus.connect(nobody);
  await one.open();
  await other.open();
  await other.bus.setInterest('room', 1);
  const keep = { size: 2, ttlMs: 60_000 };
  const presence = { topic: 'room', member: 'Ada', channel: '1', info: undefined, remember: true };
  await one.bus.enter(presence);
  for (const id of ['a', 'b', 'c'])
    await one.bus.publish(message, { keep, once: { id, ttlMs: 60_000 }, isExceptThere: false });
  expect((await other.bus.read('room', 'earliest')).messages).toHaveLength(2);
  expect(await other.bus.presence('room')).toHaveLength(1);
  await one.bus.exit('room', 'Ada', '1');
  await other.bus.read('room', { left: 'Ada' });
  await one.bus.restate({ interests: [{ topic: 'room', channels: 1 }], presences: [presence] });
  for (const id of ['Ada', 'Grace']) {
    await one.clients.reserve(id, '::1', 1_000);
    await one.clients.commit(id);
    one.clients.noteRequest(id, 1);
  }
  expect(await other.clients.list()).toHaveLength(2);
  expect([await other.clients.has('Ada'), await other.clients.count()]).toEqual([true, 2]);
  await other.clients.get('Ada');
  await other.clients.remove('Ada');
  await other.clients.removeIdle(1_000);
  await one.clients.removeOwn();
  for (const algorithm of ['sliding-window', 'token-bucket'] as const)
    for (const each of [one, other])
      await each.limits.take([{ key: 'k', policy: createPolicy({ max: 10, windowSeconds: 1, algorithm }) }]);
  await one.values.set('key', 'value', 60_000);
  expect([await other.values.get('key'), await other.values.claim('nonce', 60_000)]).toEqual(['value', true]);
  await one.values.delete('key');
}
