import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HttpServer } from 'portlight';
import { EventClient } from '../../packages/portlight/test/support/event-client.ts';
import { openServer } from '../../packages/portlight/test/support/open-server.ts';
import { WebSocketClient } from '../../packages/portlight/test/support/web-socket-client.ts';
import { findProgram } from './find-program.ts';
import { LANES } from './lanes.ts';
import { isSkipped, type ProxyKind, ProxyProcess } from './proxy-process.ts';

/** The configuration that the documentation shows, as it stands: nginx buffers answers. */
const EXAMPLE = await readFile(new URL('../../examples/behind-nginx/nginx.conf', import.meta.url), 'utf8');

const NGINX: ProxyKind = {
  name: 'nginx',
  program: 'nginx',
  listens: /using the "\w+" event method/,
  arguments: (folder, file) => ['-p', folder, '-e', 'stderr', '-c', file],
  configure(folder, port, serverPort) {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join(' ');
    return EXAMPLE.replace('events {}', 'events {}\nmaster_process off;\nerror_log stderr notice;')
      .replace('access_log off;', `access_log off; ${temporary}`)
      .replace('127.0.0.1:8080', `127.0.0.1:${serverPort}`)
      .replace('127.0.0.1:8000', `127.0.0.1:${port}`);
  },
};

test.skipIf(isSkipped(NGINX))('nginx is installed', () => {
  expect(findProgram(NGINX.program)).toBeDefined();
});

test('the documentation shows the configuration that is tried here', async () => {
  const page = await readFile(new URL('../../docs/how-to/nginx-for-websockets-and-events.md', import.meta.url), 'utf8');
  const shown = /```nginx\n(.+?)```/s.exec(page)?.[1] ?? 'nothing';
  const withoutIndent = (text: string): string => text.replaceAll(/^ +/gm, '');
  expect(withoutIndent(EXAMPLE)).toContain(withoutIndent(shown));
});

describe.skipIf(isSkipped(NGINX)).each(LANES)(
  'through the nginx of the example, before the lane $name',
  ({ options }) => {
    const app = (server: HttpServer): unknown =>
      server
        .history('news', { size: 10 })
        .accept('/echo', (message) => message)
        .accept('/news', { open: (channel) => void channel.join('news') })
        .events('/news', (stream) => void stream.join('news'))
        .get('/', (request) => ({ ip: request.ip, url: request.url.href }));

    const open = async (): Promise<{ readonly server: HttpServer; readonly port: number } & AsyncDisposable> => {
      const inner = await openServer(app, { ...options, trustProxy: ['127.0.0.1'] });
      const proxy = await ProxyProcess.start(NGINX, inner.port);
      return {
        server: inner.server,
        port: proxy.port,
        async [Symbol.asyncDispose]() {
          await proxy[Symbol.asyncDispose]();
          await inner[Symbol.asyncDispose]();
        },
      };
    };

    afterEach(() => void vi.useRealTimers());

    test('an event arrives when it is sent, although nginx buffers', async () => {
      await using proxy = await open();
      await using client = await EventClient.open(proxy.port, '/news');
      await client.until(() => client.retryMs !== undefined);
      for (let index = 1; index <= 3; index++) {
        expect((await proxy.server.publish('news', index)).subscribers).toBe(1);
        await client.events(index);
      }
      expect(client.received.map(({ data }) => data)).toEqual(['1', '2', '3']);
      await using again = await EventClient.open(proxy.port, '/news', {
        'last-event-id': client.received[0]?.id ?? '',
      });
      expect(await again.data(2)).toEqual(['2', '3']);
    });

    test('the heartbeat goes through, so that nginx does not take the stream for dead', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
      await using proxy = await open();
      await using client = await EventClient.open(proxy.port, '/news');
      await client.until(() => client.retryMs !== undefined);
      vi.advanceTimersByTime(16_000);
      await client.until(() => client.comments.length === 1);
    });

    test('a WebSocket speaks, from a page of the host that the browser knows only', async () => {
      await using proxy = await open();
      await using client = await WebSocketClient.open(proxy.port, '/echo', {
        origin: `http://127.0.0.1:${proxy.port}`,
      });
      expect(await client.send('text', Buffer.from([1, 2])).messages(2)).toEqual(['text', Buffer.from([1, 2])]);
      client.websocket.close(4_000);
      expect(await client.end()).toMatchObject({ code: 4_000 });
      expect((await WebSocketClient.refused(proxy.port, '/echo', { origin: 'https://evil.example' })).status).toBe(403);
    });

    test('both are members of one topic, and the server knows their addresses', async () => {
      await using proxy = await open();
      await using channel = await WebSocketClient.open(proxy.port, '/news');
      await using stream = await EventClient.open(proxy.port, '/news');
      await stream.until(() => stream.retryMs !== undefined);
      await proxy.server.publish('news', 'to both');
      expect([await channel.messages(1), await stream.data(1)]).toEqual([['to both'], ['to both']]);
      expect(await (await fetch(`http://127.0.0.1:${proxy.port}/`)).json()).toEqual({
        ip: '127.0.0.1',
        url: `http://127.0.0.1:${proxy.port}/`,
      });
    });

    test('a stop ends both in order', async () => {
      await using proxy = await open();
      await using channel = await WebSocketClient.open(proxy.port, '/news');
      await using stream = await EventClient.open(proxy.port, '/news');
      expect(await proxy.server.shutdown()).toMatchObject({ forced: 0 });
      expect([await channel.end(), await stream.end()]).toEqual([{ code: 1001, reason: 'The server stops.' }, 'end']);
    });
  },
);
