import { once } from 'node:events';
import { access } from 'node:fs/promises';
import net, { connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Listener } from '../../src/ports/listener.ts';
import { SharedPort } from '../../src/ports/shared-port.ts';
import { TempFolder } from '../support/temp-folder.ts';

const ANY_PORT = { protocol: 'tcp', address: '127.0.0.1', port: 0 } as const;

describe('a shared port', () => {
  test('is bound, and refuses who connects until somebody listens', async () => {
    const shared = await SharedPort.bind(ANY_PORT);
    const { address, port } = shared.address;
    expect([address, port > 0]).toEqual(['127.0.0.1', true]);
    await expect(reach({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    shared.close();
  });

  test('is listened on and left, and after the end of a listener no more', async () => {
    const shared = await SharedPort.bind(ANY_PORT);
    const listener = new Listener();
    const accepted: number[] = [];
    listener.feed(
      (socket) => {
        accepted.push(socket.localPort ?? 0);
        socket.end('hi');
      },
      (error) => expect.unreachable(error.message),
    );
    const { port } = shared.address;
    await listener.share(shared.handle, 5);
    expect(listener.isListening).toBe(true);
    expect(await reach({ port })).toBe('hi');
    listener.pause();
    expect([listener.isListening, listener.isClosed]).toEqual([false, false]);
    listener.stopAccepting();
    expect(listener.isClosed).toBe(true);
    await expect(listener.share(shared.handle, 5)).rejects.toThrow('closed before');
    expect(accepted).toEqual([port]);
  });

  test('is in use where somebody listens, who is named', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as net.AddressInfo;
    await expect(SharedPort.bind({ ...ANY_PORT, port })).rejects.toMatchObject({
      code: 'ERR_PORTLIGHT_PORT_IN_USE',
      port,
      pid: process.pid,
    });
    holder.close();
  });

  test.each([
    ['192.0.2.1', 'ERR_PORTLIGHT_ADDRESS_NOT_FOUND'],
    ['none.invalid', 'ERR_PORTLIGHT_ADDRESS_NOT_FOUND'],
  ])('is refused at %s', async (address, code) => {
    await expect(SharedPort.bind({ ...ANY_PORT, address })).rejects.toMatchObject({ code });
  });

  test('may be of IPv6', async () => {
    const shared = await SharedPort.bind({ ...ANY_PORT, address: '::1' });
    expect(shared.address.address).toBe('::1');
    shared.close();
  });

  test('may be a file, which replaces one that a server left behind, and is gone after it', async () => {
    await using folder = await TempFolder.create();
    const address = folder.at('shared.sock');
    const at = { protocol: 'unix', address, port: 0 } as const;
    const shared = await SharedPort.bind(at);
    expect(shared.address).toEqual({ address, port: 0 });
    await access(address);
    // Nobody listens there, so it is taken for one that was left behind.
    const next = await SharedPort.bind(at);
    next.close();
    await expect(access(address)).rejects.toThrow('ENOENT');
    shared.close();
  });

  test('a file in a folder that is not there is refused', async () => {
    await using folder = await TempFolder.create();
    const at = { protocol: 'unix', address: folder.at('none/shared.sock'), port: 0 } as const;
    await expect(SharedPort.bind(at)).rejects.toMatchObject({ code: 'ERR_PORTLIGHT_LISTEN' });
  });

  test('says where Node cannot do it', () => {
    expect(SharedPort.isSupported).toBe(true);
    const create: unknown = Reflect.get(net, '_createServerHandle');
    Reflect.set(net, '_createServerHandle', undefined);
    expect(SharedPort.isSupported).toBe(false);
    Reflect.set(net, '_createServerHandle', create);
  });
});

/** What is said to who connects. */
async function reach(place: { readonly port: number }): Promise<string> {
  const socket = connect({ host: '127.0.0.1', ...place });
  await once(socket, 'connect');
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) text += chunk as string;
  return text;
}
