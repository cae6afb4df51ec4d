import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpServer } from '../../src/index.ts';
import { explainUnixSocket } from '../../src/ports/unix-socket.ts';
import { deferred } from '../support/deferred.ts';
import { TempFolder } from '../support/temp-folder.ts';

let temp: TempFolder;
beforeAll(async () => {
  temp = await TempFolder.create();
});
afterAll(() => temp[Symbol.asyncDispose]());

const at = (name: string): HttpServer =>
  new HttpServer(`unix://${temp.at(name)}`).get('/', (each) => ({
    ip: each.ip,
    port: each.client.port,
    url: each.url.href,
  }));

function ask(name: string, path = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: temp.at(name), path, agent: false, headers: { host: 'app' } }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .on('end', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}

/** A process that listens on the file. */
async function spawnListener(name: string): Promise<ChildProcess> {
  const code = `require('node:net').createServer().listen({ path: ${JSON.stringify(temp.at(name))}, backlog: 1 }, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

describe('a server at unix://', () => {
  test('serves on the file, which goes when it stops', async () => {
    const server = await at('a.sock').start();
    expect(server.getAddress()).toEqual({ address: temp.at('a.sock'), port: 0 });
    expect(JSON.parse(await ask('a.sock'))).toEqual({ ip: '', port: 0, url: 'http://app/' });
    await server.shutdown();
    expect(await temp.names()).not.toContain('a.sock');
    await server.start();
    expect(await ask('a.sock', '/none')).toContain('404');
    await server.shutdown();
    expect(await temp.names()).not.toContain('a.sock');
  });

  test('serves many clients, whatever one address may have', async () => {
    const server = new HttpServer(`unix://${temp.at('many.sock')}`, 0, { maxConnectionsPerIp: 1 }).get('/', () => 'x');
    await server.start();
    expect(await Promise.all(Array.from({ length: 10 }, () => ask('many.sock')))).toEqual(
      Array.from({ length: 10 }, () => 'x'),
    );
    await server.shutdown();
  });

  test('takes the place of a file that a killed server left', async () => {
    await kill(await spawnListener('stale.sock'));
    expect((await lstat(temp.at('stale.sock'))).isSocket()).toBe(true);
    const server = await at('stale.sock').start();
    expect(await ask('stale.sock')).toContain('http://app/');
    await server.shutdown();
  });

  test('leaves a live one alone, and says that it is in use', async () => {
    const holder = await at('live.sock').start();
    await expect(at('live.sock').start()).rejects.toMatchObject({
      name: 'PortInUseError',
      code: 'ERR_PORTLIGHT_PORT_IN_USE',
      address: temp.at('live.sock'),
      pid: undefined,
    });
    expect(await ask('live.sock')).toContain('http://app/');
    await holder.shutdown();
  });

  test('leaves one alone that is alive and has no room at the moment', async () => {
    const child = await spawnListener('busy.sock');
    child.kill('SIGSTOP');
    const queued: Socket[] = [];
    let code: string | undefined;
    while (code === undefined) {
      const socket = connect({ path: temp.at('busy.sock') });
      queued.push(socket);
      code = await new Promise<string | undefined>((resolve) =>
        socket
          .once('connect', () => resolve(undefined))
          .once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
      );
    }
    expect(code).toBe('EAGAIN');
    await expect(at('busy.sock').start()).rejects.toMatchObject({ name: 'PortInUseError' });
    expect((await lstat(temp.at('busy.sock'))).isSocket()).toBe(true);
    for (const socket of queued) socket.on('error', () => undefined).destroy();
    await kill(child);
  });

  test.each(['file', 'folder', 'link to a file'])('leaves a %s alone', async (kind) => {
    const name = `${kind}.sock`;
    if (kind === 'file') await temp.write(name, 'text');
    else if (kind === 'folder') await mkdir(temp.at(name));
    else await symlink(await temp.write('linked', 'text'), temp.at(name));
    await expect(at(name).start()).rejects.toMatchObject({ name: 'ListenError', code: 'ERR_PORTLIGHT_LISTEN' });
    expect(await temp.names()).toContain(name);
    if (kind !== 'folder') expect(await readFile(temp.at(name), 'utf8')).toBe('text');
  });

  test('rejects where there is no such folder, and may be tried again', async () => {
    const server = at('later/a.sock');
    await expect(server.start()).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_PORTLIGHT_/) as string,
      address: temp.at('later/a.sock'),
      message: expect.not.stringContaining('port 0') as string,
    });
    expect(server.isConnected()).toBe(false);
    await mkdir(temp.at('later'));
    await server.start();
    expect(await ask('later/a.sock')).toContain('http://app/');
    await server.shutdown();
  });

  test.each<[string, string, RegExp]>([
    ['a missing folder', 'missing/a.sock', /missing does not exist/],
    ['a folder below a missing one', 'missing/deep/a.sock', /missing\/deep does not exist/],
    ['a file as the folder', 'plain/a.sock', /plain is no folder/],
    ['a file on the way to the folder', 'plain/deep/a.sock', /a part of .*plain\/deep is no folder/],
    ['a link to nowhere as the folder', 'dangling/a.sock', /dangling does not exist/],
    ['a folder in its place', 'taken.sock', /there is a folder, and it is no socket/],
  ])('says what is wrong with %s', async (_what, name, message) => {
    await temp.write('plain', 'text');
    await symlink('nowhere', temp.at('dangling')).catch(() => undefined);
    await mkdir(temp.at('taken.sock'), { recursive: true });
    await expect(at(name).start()).rejects.toMatchObject({
      name: 'ListenError',
      code: 'ERR_PORTLIGHT_LISTEN',
      message: expect.stringMatching(message) as string,
      port: 0,
    });
  });

  test('says that a folder may not be written into', async () => {
    const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    expect(await explainUnixSocket(temp.at('a.sock'), denied)).toMatchObject({
      name: 'PortNotAllowedError',
      message: expect.stringMatching(
        /^This user may not listen on the socket .*a\.sock: it may not write into the folder\.$/,
      ) as string,
    });
    const full = Object.assign(new Error('listen ENOSPC: no space left'), { code: 'ENOSPC' });
    expect(await explainUnixSocket(temp.at('a.sock'), full)).toMatchObject({
      name: 'ListenError',
      message: expect.stringContaining('no space left') as string,
      cause: full,
    });
  });

  test('stops with nothing forced while a client waits', async () => {
    const begun = deferred();
    const gate = deferred();
    const server = new HttpServer(`unix://${temp.at('drain.sock')}`).get('/', async () => {
      begun.resolve();
      await gate.promise;
      return 'done';
    });
    await server.start();
    const answer = ask('drain.sock');
    await begun.promise;
    setImmediate(gate.resolve);
    expect(await server.shutdown()).toMatchObject({ forced: 0 });
    expect(await answer).toBe('done');
  });

  test.each(['unix://', 'unix://relative.sock', 'unix:///a\0b', `unix:///${'x'.repeat(107)}`, 'unix:/one-slash.sock'])(
    'is refused as %j',
    (address) => {
      expect(() => new HttpServer(address)).toThrow(expect.objectContaining({ name: 'ConfigError' }));
    },
  );
});
