import { expect, test } from 'vitest';
import { MessageQueue } from '../../src/channels/message-queue.ts';

test('is full with 64 messages, however small', () => {
  const queue = new MessageQueue(1_000_000);
  for (let index = 0; index < 63; index++) queue.push('');
  expect(queue.isFull).toBe(false);
  queue.push('');
  expect(queue.isFull).toBe(true);
  queue.shift();
  expect(queue.isFull).toBe(false);
});

test('is full with as many bytes as it may hold, of text as of binary data', () => {
  const queue = new MessageQueue(10);
  queue.push('éééé');
  expect(queue.isFull).toBe(false);
  queue.push(Buffer.alloc(2));
  expect(queue.isFull).toBe(true);
  expect(queue.shift()).toBe('éééé');
  expect(queue.isFull).toBe(false);
});

test('gives back what came, in its order, and nothing after it was cleared', () => {
  const queue = new MessageQueue(4);
  for (const message of ['a', 'b', 'c']) queue.push(message);
  expect([queue.shift(), queue.shift()]).toEqual(['a', 'b']);
  queue.clear();
  expect([queue.shift(), queue.isFull]).toEqual([undefined, false]);
});
