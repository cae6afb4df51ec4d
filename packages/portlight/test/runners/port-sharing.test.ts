import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mostConnections, PortSharing } from '../../src/runners/port-sharing.ts';

/** Children that do as they are told at once, and what they were told. */
function open(): { readonly sharing: PortSharing; readonly accepting: Set<string>; readonly told: string[] } {
  const accepting = new Set<string>();
  const told: string[] = [];
  const sharing = new PortSharing({
    give: (child, until) => {
      told.push(`give ${child} until ${until}`);
      accepting.add(child);
    },
    take: (child) => {
      told.push(`take ${child}`);
      accepting.delete(child);
    },
  });
  return { sharing, accepting, told };
}

describe('a port that children share', () => {
  test('is given to each that asks, at the beginning', () => {
    const { sharing, told } = open();
    for (const child of ['a', 'b', 'c']) sharing.ask(child, 0);
    expect(told).toEqual(['give a until 8', 'give b until 8', 'give c until 8']);
  });

  test('is given back to one that has left it when the others have as many', () => {
    const { sharing, told } = open();
    for (const child of ['a', 'b', 'c']) sharing.ask(child, 0);
    sharing.ask('a', 9);
    expect(sharing.mean).toBe(3);
    sharing.load('b', 8);
    expect(told).toHaveLength(3);
    sharing.load('c', 10);
    expect(told.slice(3)).toEqual(['give a until 17']);
  });

  test('is left by one that is late twice in a row, while another is not, and given back when that is over', () => {
    const { sharing, told } = open();
    for (const child of ['a', 'b', 'c']) sharing.ask(child, 0);
    told.length = 0;
    for (const lagMs of [101, 100, 150]) sharing.lag('a', lagMs);
    expect(told).toEqual([]);
    sharing.lag('a', 101);
    expect(told).toEqual(['take a']);
    sharing.ask('a', 0);
    sharing.lag('a', 400);
    expect(told).toEqual(['take a']);
    sharing.lag('a', 99);
    expect(told).toEqual(['take a', 'give a until 8']);
  });

  test('stays with those that are late where all are', () => {
    const { sharing, accepting } = open();
    for (const child of ['a', 'b']) sharing.ask(child, 0);
    for (const child of ['a', 'b', 'a', 'b', 'a', 'b']) {
      sharing.lag(child, 500);
      if (!accepting.has(child)) sharing.ask(child, 0);
    }
    expect(accepting).toEqual(new Set(['a', 'b']));
  });

  test('is with two at least, for one may block: a child that has too many may take some more', () => {
    const { sharing, told } = open();
    sharing.ask('a', 0);
    sharing.ask('b', 0);
    told.length = 0;
    sharing.ask('a', 100);
    expect(told).toEqual(['give a until 108']);
  });

  test('goes to the rest when one is gone', () => {
    const { sharing, told } = open();
    for (const child of ['a', 'b', 'c']) sharing.ask(child, 0);
    sharing.ask('a', 50);
    told.length = 0;
    sharing.delete('b');
    expect(told).toEqual(['give a until 58']);
    expect(sharing.has('b')).toBe(false);
    sharing.load('b', 3);
    sharing.lag('b', 500);
    expect(sharing.mean).toBe(25);
  });

  test('is with somebody at any time, and with all that are level, whatever happens', () => {
    const child = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const), child, value: fc.nat(200) }),
      fc.record({ kind: fc.constant('load' as const), child, value: fc.nat(200) }),
      fc.record({ kind: fc.constant('lag' as const), child, value: fc.nat(300) }),
      fc.record({ kind: fc.constant('delete' as const), child, value: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { sharing, accepting } = open();
        const known = new Set<string>();
        for (const { kind, child: name, value } of steps) {
          if (kind === 'ask') {
            known.add(name);
            accepting.delete(name);
            sharing.ask(name, value);
          } else if (kind === 'delete') {
            known.delete(name);
            accepting.delete(name);
            sharing.delete(name);
          } else if (kind === 'load') sharing.load(name, value);
          else {
            const had = accepting.has(name);
            sharing.lag(name, value);
            // Who was told to leave asks again.
            if (had && !accepting.has(name)) sharing.ask(name, 0);
          }
          expect(accepting.size).toBeGreaterThanOrEqual(Math.min(2, known.size));
        }
      }),
    );
  });
});

test('a child may have a quarter more than the mean, and 8', () => {
  expect([mostConnections(0), mostConnections(100)]).toEqual([8, 133]);
});
