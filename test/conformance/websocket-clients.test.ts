import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { LANES } from './lanes.ts';
import { skipsWithout } from './skips-without.ts';

const PROGRAM = `
import asyncio, sys
import websockets

async def main():
    async with websockets.connect(sys.argv[1], max_size=2_000_000) as socket:
        await socket.send("grüße")
        assert await socket.recv() == "grüße"
        await socket.send(bytes(range(256)))
        assert await socket.recv() == bytes(range(256))
        large = "x" * 900_000
        await socket.send(large)
        assert await socket.recv() == large
        await socket.send([str(number) for number in range(3)])
        assert await socket.recv() == "012"
        await (await socket.ping(b"here"))
        for number in range(100):
            await socket.send(str(number))
        for number in range(100):
            assert await socket.recv() == str(number)
        await socket.send("close")
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            print(closed.code, closed.reason, socket.extensions != [])

asyncio.run(main())
`;

/** Debian's own first: another Python on the path does not see Debian's packages. */
const python = ['/usr/bin/python3', 'python3'].find(
  (program) => spawnSync(program, ['-c', 'from websockets import connect']).status === 0,
);
const skipsPython = skipsWithout(python, 'the WebSocket client of Python', 'python3-websockets');
const COMBINATIONS = LANES.flatMap((lane) =>
  [false, true].map((perMessageDeflate) => ({
    lane,
    perMessageDeflate,
    what: `${lane.name}${perMessageDeflate ? ', compressed' : ''}`,
  })),
);

test.skipIf(skipsPython)('the WebSocket client of Python is installed', () => {
  expect(python).toBeDefined();
});

describe.skipIf(skipsPython)('the client of Python', () => {
  test.each(COMBINATIONS)(
    'gets everything back as it was, and the close: $what',
    async ({ lane, perMessageDeflate }) => {
      await using open = await openServer(
        (server) =>
          server.websocket({ perMessageDeflate }).accept('/', (message, channel) => {
            if (message !== 'close') return message;
            channel.close(4_321, 'grüße');
            return undefined;
          }),
        lane.options,
      );
      const { stdout } = await promisify(execFile)(
        python ?? 'python3',
        ['-c', PROGRAM, `ws://127.0.0.1:${open.port}/`],
        { env: { ...process.env, PYTHONIOENCODING: 'utf-8' } },
      );
      expect(stdout.trim()).toBe(`4321 grüße ${perMessageDeflate ? 'True' : 'False'}`);
    },
  );
});

/** What Node 22 and later have, as browsers. */
const BrowserSocket = (
  globalThis as {
    readonly WebSocket?: new (
      url: string,
    ) => EventTarget & { send(data: string): void; close(code: number, reason: string): void };
  }
).WebSocket;

describe.skipIf(BrowserSocket === undefined)('the WebSocket of Node', () => {
  test.each(LANES)('echoes on the lane $name', async (lane) => {
    await using open = await openServer((server) => server.accept('/', (message) => message), lane.options);
    if (BrowserSocket === undefined) return;
    const socket = new BrowserSocket(`ws://127.0.0.1:${open.port}/`);
    const closed = new Promise<Event>((resolve) => void socket.addEventListener('close', resolve, { once: true }));
    await new Promise((resolve) => void socket.addEventListener('open', resolve, { once: true }));
    const answer = new Promise<Event>((resolve) => void socket.addEventListener('message', resolve, { once: true }));
    socket.send('grüße');
    expect(await answer).toMatchObject({ data: 'grüße' });
    socket.close(4_000, 'bye');
    expect(await closed).toMatchObject({ code: 4_000, wasClean: true });
  });
});
