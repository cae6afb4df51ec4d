import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ControlChannel } from '../../src/control/control-channel.ts';
import { joinControlPorts } from '../../src/ports/joined-control-ports.ts';

function join() {
  const [onePort, otherPort] = joinControlPorts();
  const seen: unknown[] = [];
  const end = (name: string) => ({
    onControl: (message: object) => void seen.push([name, message]),
    onClosed: () => void seen.push(`${name} is closed`),
    onError: (error: unknown) => void seen.push(`${name}: ${(error as Error).message}`),
  });
  return {
    one: new ControlChannel(onePort, end('one')),
    other: new ControlChannel(otherPort, end('other')),
    onePort,
    otherPort,
    seen,
  };
}

/** Something that can be closed. */
function handle(): { destroy(): void; isDestroyed: boolean } {
  return {
    isDestroyed: false,
    destroy() {
      this.isDestroyed = true;
    },
  };
}

describe('a message', () => {
  it('comes to the handler of its type, as a copy', async () => {
    const { one, other } = join();
    const heard: unknown[] = [];
    other.on('a', (data) => void heard.push(data));
    const data = { n: 1 };
    expect(await one.send('a', data)).toBe(true);
    expect(await one.send('a')).toBe(true);
    expect(heard).toEqual([{ n: 1 }, undefined]);
    expect(heard[0]).not.toBe(data);
  });

  it('with a handle says whether it was taken; what is not taken is closed there', async () => {
    const { one, other, seen } = join();
    const handles = Array.from({ length: 4 }, handle);
    other.on('takes', () => {});
    other.on('refuses', () => false);
    other.on('fails', () => {
      throw new Error('no');
    });
    const types = ['takes', 'refuses', 'fails', 'nobody'];
    expect(await Promise.all(types.map((type, index) => one.send(type, undefined, handles[index])))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(handles.map(({ isDestroyed }) => isDestroyed)).toEqual([false, true, true, true]);
    expect(seen).toEqual(['other: no', 'other: Nobody sees to messages of the type nobody.']);
  });

  it('with a handle lets who takes it go on once the other side has been told', async () => {
    const [onePort, otherPort] = joinControlPorts();
    const ignored = { onControl: () => {}, onClosed: () => {}, onError: () => {} };
    const one = new ControlChannel(onePort, ignored);
    const other = new ControlChannel(otherPort, ignored);
    const seen: string[] = [];
    other.on('takes', () => {
      seen.push('taken');
      return () => void seen.push('goes on');
    });
    const write = otherPort.write.bind(otherPort);
    const held: (() => void)[] = [];
    otherPort.write = (...args) => void held.push(() => write(...args));
    const sent = one.send('takes', undefined, handle()).then((isTaken) => seen.push(`told ${isTaken}`));
    while (held.length === 0) await turn();
    expect(seen).toEqual(['taken']);
    held[0]?.();
    await sent;
    await turn();
    expect(seen.toSorted()).toEqual(['goes on', 'taken', 'told true']);
  });

  it('is not taken when the other side is gone, however that is noticed', async () => {
    const { one, other, otherPort, seen } = join();
    otherPort.listen({ received() {}, closed() {} });
    const sent = one.send('a', undefined, handle());
    otherPort.close();
    expect(await sent).toBe(false);
    expect([one.isOpen, await one.send('a'), await one.send('a', undefined, handle())]).toEqual([false, false, false]);
    one.end();
    expect(seen).toEqual(['one is closed']);
    expect(await other.send('a')).toBe(false);
  });

  it('that has no JSON is refused, and leaves nothing behind', async () => {
    const { one, other } = join();
    other.on('a', () => {});
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(() => one.send('a', cyclic)).toThrow(TypeError);
    expect(() => one.send('a', 1n, handle())).toThrow(TypeError);
    expect(await one.send('a', undefined, handle())).toBe(true);
  });
});

describe('what is no message', () => {
  it.each([
    null,
    undefined,
    'text',
    {},
    { prefork: 1 },
    { prefork: 0, kind: 'ready' },
    { prefork: 1, kind: 'toString' },
    { prefork: 1, kind: 'taken', id: 7, isTaken: true },
  ])('is passed over (%j)', async (value) => {
    const { onePort, seen } = join();
    onePort.receive(value, undefined);
    await turn();
    expect(seen).toEqual([]);
  });

  it('closes no handle of somebody else', () => {
    const { onePort } = join();
    const foreign = handle();
    onePort.receive({ cmd: 'app' }, foreign);
    expect(foreign.isDestroyed).toBe(false);
  });
});
