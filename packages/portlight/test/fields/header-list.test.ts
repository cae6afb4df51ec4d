import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldControls, HeaderList } from '../../src/fields/header-list.ts';

const name = fc.constantFrom(
  'a',
  'A',
  'x-long',
  'X-Long',
  'set-cookie',
  'Set-Cookie',
  'content-type',
  '__proto__',
  'constructor',
);
/** Without blanks at its ends, which the standard class removes. */
const value = fc.string({ unit: fc.constantFrom('a', 'b', ',', ';', '=', '"', 'ÿ'), maxLength: 6 });
const step = fc.oneof(
  fc.record({ call: fc.constantFrom('set' as const, 'append' as const), name, value }),
  fc.record({ call: fc.constant('delete' as const), name }),
);

function apply(
  target: HeaderList | Headers,
  steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
): void {
  for (const each of steps) {
    if (each.call === 'delete') target.delete(each.name);
    else target[each.call](each.name, each.value);
  }
}

/** The fields in an order that both classes agree on: the standard one sorts and joins while it iterates. */
function toRecord(headers: Iterable<[string, string]>): Record<string, string[]> {
  const record: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [key, text] of headers) (record[key] ??= []).push(text);
  return record;
}

describe('HeaderList', () => {
  test('answers like the standard Headers after any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), name, (steps, asked) => {
        const list = new HeaderList();
        const model = new Headers();
        apply(list, steps);
        apply(model, steps);
        expect(list.get(asked)).toBe(model.get(asked));
        expect(list.has(asked)).toBe(model.has(asked));
        expect(list.getSetCookie()).toEqual(model.getSetCookie());
        const { 'set-cookie': cookies, ...fields } = toRecord(list);
        const { 'set-cookie': modelCookies, ...modelFields } = toRecord(model);
        expect(cookies).toEqual(modelCookies);
        expect(Object.fromEntries(Object.entries(fields).map(([key, texts]) => [key, texts.join(', ')]))).toEqual(
          Object.fromEntries(Object.entries(modelFields).map(([key, texts]) => [key, texts.join(', ')])),
        );
      }),
    );
  });

  test('keeps the place of a field that is set anew', () => {
    const list = new HeaderList();
    list.append('A', '1');
    list.append('b', '2');
    list.append('a', '3');
    list.set('a', '4');
    expect([...list.entries()]).toEqual([
      ['a', '4'],
      ['b', '2'],
    ]);
    expect([...list.keys()]).toEqual(['a', 'b']);
    expect([...list.values()]).toEqual(['4', '2']);
  });

  test('hands over the fields of another list, replacing its own', () => {
    const list = new HeaderList(['a', '1']);
    const other = new HeaderList(['b', '2']);
    fieldControls.assign(list, other);
    other.set('b', '3');
    expect(fieldControls.flat(list)).toEqual(['b', '2']);
  });

  test('visits value before name, as Headers does', () => {
    const seen: unknown[] = [];
    const list = new HeaderList(['a', '1']);
    list.forEach((text, key, of) => seen.push(text, key, of));
    expect(seen).toEqual(['1', 'a', list]);
  });

  test.each([
    ['a line break', 'x-a', 'a\r\nb: c'],
    ['a carriage return', 'x-a', 'a\rb'],
    ['a line feed', 'x-a', 'a\nb'],
    ['a NUL', 'x-a', 'a\0b'],
    ['a character beyond latin1', 'x-a', 'a\u0100'],
    ['an escape character', 'x-a', 'a\u001b'],
    ['a name with a colon', 'x-a:', 'a'],
    ['a name with a space', 'x a', 'a'],
    ['a name with a line break', 'x\r\ny', 'a'],
    ['an empty name', '', 'a'],
  ])('refuses %s in set and append, and stays as it was', (_what, key, text) => {
    const list = new HeaderList(['x-a', 'before']);
    const refusal = expect.objectContaining({ name: 'ReplyError', code: 'ERR_PORTLIGHT_INVALID_HEADER' });
    expect(() => list.set(key, text)).toThrow(refusal);
    expect(() => list.append(key, text)).toThrow(refusal);
    expect(fieldControls.flat(list)).toEqual(['x-a', 'before']);
  });
});
