import { describe, expect, test } from 'vitest';
import { InnerTopic, isInner } from '../../src/hub/inner-topic.ts';
import { parseTopic } from '../../src/hub/parse-topic.ts';

describe('an inner topic', () => {
  test.each(['', 'socket.io /socket.io#/news', 'a\0b', '😀', 'x'.repeat(256), 'x'.repeat(1_000_000), '\ud800'])(
    'has a name that no app can say: %#',
    (text) => {
      const topic = new InnerTopic(text);
      expect(parseTopic(topic)).toBe(topic.name);
      expect(isInner(topic.name)).toBe(true);
      expect(topic.name.length).toBeLessThanOrEqual(512);
      expect(() => parseTopic(topic.name)).toThrow(
        expect.objectContaining({
          code: 'ERR_PORTLIGHT_INVALID_TOPIC',
          message: expect.stringContaining('NUL in front'),
        }),
      );
    },
  );

  test('is another one for each text, however long', () => {
    const texts = ['a', 'b', 'a\ud800', 'a\udc00', 'x'.repeat(257), 'x'.repeat(258)];
    const names = texts.map((text) => new InnerTopic(text).name);
    expect(new Set([...names, ...names.map((name) => new InnerTopic(name).name)]).size).toBe(2 * texts.length);
    expect(new InnerTopic('x'.repeat(300)).name).toBe(new InnerTopic('x'.repeat(300)).name);
  });

  test('is no name of an app, and NUL further on is', () => {
    expect(() => parseTopic('\0')).toThrow('begins with no NUL');
    expect(parseTopic('a\0')).toBe('a\0');
  });
});
