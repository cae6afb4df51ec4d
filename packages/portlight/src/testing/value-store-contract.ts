import assert from 'node:assert/strict';
import type { ValueStore } from '../backplane/value-store.ts';

/** The stores of one case: the ends of several processes, joined. */
export interface OpenValueStores {
  /** At least two, of different processes; nothing is kept. */
  readonly ends: readonly ValueStore[];
  /** Lets the time of what is kept go on. */
  advance(ms: number): void | Promise<void>;
  close(): void | Promise<void>;
}

/** One sentence that holds for every store of values. */
export interface ValueStoreCase {
  readonly name: string;
  /**
   * Rejects with an `AssertionError` where the sentence does not hold.
   *
   * @param open makes empty stores; the case closes them
   */
  readonly run: (open: () => OpenValueStores | Promise<OpenValueStores>) => Promise<void>;
}

interface Trial {
  readonly a: ValueStore;
  readonly b: ValueStore;
  readonly advance: (ms: number) => void | Promise<void>;
}

const TTL_MS = 5_000;
const TEXTS = [
  '',
  ' ',
  'a',
  'A',
  'a\0b',
  'a:b',
  '{a}',
  '*',
  '__proto__',
  'constructor',
  'ä',
  'a\u0308',
  '💡',
  'x\r\ny',
];

/**
 * What a `ValueStore` must do, as a table for any test runner:
 *
 * @example
 * for (const { name, run } of valueStoreContract) test(name, () => run(() => openMyStores()));
 */
export const valueStoreContract: readonly ValueStoreCase[] = [
  define('what one process keeps, the others get', async ({ a, b }) => {
    assert.equal(await b.get('key'), undefined);
    await a.set('key', 'one', TTL_MS);
    assert.deepEqual([await a.get('key'), await b.get('key')], ['one', 'one']);
    await b.set('key', 'two', TTL_MS);
    assert.deepEqual([await a.get('key'), await b.get('key')], ['two', 'two']);
    await a.delete('key');
    assert.deepEqual([await a.get('key'), await b.get('key')], [undefined, undefined]);
    await b.delete('key');
  }),

  define('keys and values are any text', async ({ a, b }) => {
    for (const [index, key] of TEXTS.entries()) await a.set(key, `${index}${key}`, TTL_MS);
    for (const [index, key] of TEXTS.entries()) assert.equal(await b.get(key), `${index}${key}`);
    await a.set('empty', '', TTL_MS);
    assert.equal(await b.get('empty'), '', 'an empty value is one');
    await a.set('large', 'ä'.repeat(100_000), TTL_MS);
    assert.equal((await b.get('large'))?.length, 100_000);
  }),

  define('a value is kept for its time', async ({ a, b, advance }) => {
    await a.set('short', 'x', 2_000);
    await a.set('long', 'x', 60_000);
    await advance(1_000);
    assert.deepEqual([await b.get('short'), await b.get('long')], ['x', 'x']);
    await advance(2_000);
    assert.deepEqual([await b.get('short'), await b.get('long')], [undefined, 'x']);
  }),

  define('a value in place of another has its own time', async ({ a, b, advance }) => {
    await a.set('key', 'one', 2_000);
    await b.set('key', 'two', 60_000);
    await a.set('other', 'one', 60_000);
    await b.set('other', 'two', 2_000);
    await advance(3_000);
    assert.deepEqual([await a.get('key'), await a.get('other')], ['two', undefined]);
  }),

  define('a claim is given to one caller, for its time', async ({ a, b, advance }) => {
    assert.equal(await a.claim('nonce', TTL_MS), true);
    await advance(TTL_MS - 1_000);
    assert.deepEqual([await a.claim('nonce', TTL_MS), await b.claim('nonce', TTL_MS)], [false, false]);
    await advance(2_000);
    assert.equal(await b.claim('nonce', TTL_MS), true, 'who was refused has not made it longer');
    const claims = await Promise.all([a, b, a, b].map(async (end) => end.claim('other', TTL_MS)));
    assert.equal(claims.filter((isFirst) => isFirst).length, 1);
    for (const key of TEXTS) assert.equal(await a.claim(key, TTL_MS), true, `${JSON.stringify(key)} is free`);
    for (const key of TEXTS) assert.equal(await b.claim(key, TTL_MS), false, `${JSON.stringify(key)} is taken`);
  }),

  define('claims and values do not see each other', async ({ a, b }) => {
    await a.set('key', 'x', TTL_MS);
    assert.equal(await b.claim('key', TTL_MS), true);
    assert.equal(await b.get('key'), 'x');
    await a.delete('key');
    assert.equal(await b.claim('key', TTL_MS), false);
    assert.equal(await b.get('key'), undefined);
  }),

  define('a time that is none is refused, and changes nothing', async ({ a, b }) => {
    await a.set('key', 'x', TTL_MS);
    for (const ttlMs of [0, -1, 0.5, NaN, Infinity, '1000' as unknown as number, undefined as unknown as number]) {
      await assert.rejects(async () => a.set('key', 'y', ttlMs), `set for ${ttlMs}`);
      await assert.rejects(async () => a.claim('key', ttlMs), `claim for ${ttlMs}`);
    }
    assert.equal(await b.get('key'), 'x');
    assert.equal(await b.claim('key', TTL_MS), true);
  }),

  define('what is no text is refused', async ({ a }) => {
    for (const value of [undefined, null, 7, {}] as unknown as string[]) {
      await assert.rejects(async () => a.set('key', value, TTL_MS));
      await assert.rejects(async () => a.set(value, 'x', TTL_MS));
      await assert.rejects(async () => a.claim(value, TTL_MS));
      await assert.rejects(async () => a.get(value));
    }
  }),
];

function define(name: string, check: (trial: Trial) => Promise<void>): ValueStoreCase {
  return {
    name,
    async run(open) {
      const opened = await open();
      try {
        const [a, b] = opened.ends;
        assert.ok(a !== undefined && b !== undefined, 'the ends of two processes');
        await check({ a, b, advance: (ms) => opened.advance(ms) });
      } finally {
        await opened.close();
      }
    },
  };
}
