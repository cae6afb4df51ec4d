import { describe, expect, it } from 'vitest';
import { Link } from '../../src/link/link.ts';
import { joinPorts } from '../../src/ports/joined-ports.ts';

function join(options: ConstructorParameters<typeof Link>[1] = {}) {
  const [one, other] = joinPorts();
  return { one: new Link(one, options), other: new Link(other, options), ports: [one, other] as const };
}

describe('a link', () => {
  it('carries messages in the order in which they are said, with their bytes', async () => {
    const { one, other } = join();
    const heard: unknown[] = [];
    other.on('a', (data, body) => void heard.push(['a', data, body?.toString()]));
    other.answer('end', () => ({ data: heard.length }));
    one.tell('a', { n: 1 });
    one.tell('a', undefined, Buffer.from('bytes'));
    one.tell('a', 'line\nfeed');
    expect(await one.call('end')).toEqual({ data: 3, body: undefined });
    expect(heard).toEqual([
      ['a', { n: 1 }, undefined],
      ['a', undefined, 'bytes'],
      ['a', 'line\nfeed', undefined],
    ]);
  });

  it('answers calls as they are done, not as they came', async () => {
    const { one, other } = join();
    let finish: () => void = () => {};
    const slow = new Promise<void>((resolve) => (finish = resolve));
    other.answer('slow', () => slow.then(() => ({ data: 'slow' })));
    other.answer('quick', () => ({ data: 'quick', body: Buffer.from([1, 2]) }));
    const first = one.call('slow');
    expect(await one.call('quick')).toEqual({ data: 'quick', body: Buffer.from([1, 2]) });
    finish();
    expect(await first).toEqual({ data: 'slow', body: undefined });
  });

  it('rejects with what failed there, and goes on', async () => {
    const { one, other } = join();
    other.answer('throws', () => {
      throw new Error('no such thing');
    });
    other.answer('rejects', async () => Promise.reject(new Error('later')));
    other.answer('cyclic', () => {
      const data: Record<string, unknown> = {};
      data['self'] = data;
      return { data };
    });
    other.answer('big', async () => ({ data: 1n }));
    await expect(one.call('throws')).rejects.toMatchObject({ code: 'ERR_PREFORK_REMOTE', message: 'no such thing' });
    await expect(one.call('rejects')).rejects.toMatchObject({ code: 'ERR_PREFORK_REMOTE', message: 'later' });
    await expect(one.call('cyclic')).rejects.toMatchObject({ code: 'ERR_PREFORK_REMOTE' });
    await expect(one.call('big')).rejects.toMatchObject({ code: 'ERR_PREFORK_REMOTE' });
    await expect(one.call('unknown')).rejects.toMatchObject({ code: 'ERR_PREFORK_REMOTE' });
    other.answer('fine', () => ({ data: 1 }));
    expect(await one.call('fine')).toMatchObject({ data: 1 });
  });

  it('rejects what waits when the other side is gone, and says nothing more', async () => {
    const { one, other } = join();
    other.answer('never', () => new Promise(() => {}));
    const call = one.call('never');
    other.close();
    await expect(call).rejects.toMatchObject({ code: 'ERR_PREFORK_LINK_CLOSED' });
    await expect(one.call('never')).rejects.toMatchObject({ code: 'ERR_PREFORK_LINK_CLOSED' });
    one.tell('anything');
    expect(one.isClosed).toBe(true);
  });

  it('refuses calls when too much waits, and takes them again', async () => {
    const { one, other, ports } = join({ maxPendingBytes: 1_000 });
    other.answer('echo', (_data, body) => ({ body }));
    ports[0].hold();
    const first = one.call('echo', undefined, new Uint8Array(2_000));
    await expect(one.call('echo')).rejects.toMatchObject({ code: 'ERR_PREFORK_LINK_FULL' });
    ports[0].release();
    expect((await first).body?.byteLength).toBe(2_000);
    expect(await one.call('echo')).toEqual({ data: undefined, body: undefined });
  });

  it('tells of messages that nobody sees to, and of bytes that are no frame, and is closed by these', async () => {
    const errors: string[] = [];
    const { one, other, ports } = join({ onError: (error) => void errors.push(String(error)) });
    one.tell('nobody');
    await new Promise<void>((resolve) => {
      other.onClosed(resolve);
      setImmediate(() => ports[0].write([Buffer.alloc(64, 0xff)]));
    });
    expect(errors).toEqual([
      expect.stringContaining('Nobody sees to messages of the name nobody'),
      expect.stringContaining('does not speak this language'),
    ]);
  });
});
