import { HttpServer, type ServerOptions } from 'portlight';
import { RecordingLogger } from '../../../portlight/test/support/recording-logger.ts';
import { redis } from '../../src/index.ts';
import type { RedisOptions } from '../../src/redis-options.ts';

export interface MachineTerms extends RedisOptions {
  readonly name: string;
  readonly url: string | readonly string[];
  readonly onStoreError?: ServerOptions['onStoreError'];
}

const AWAY = 'What this server shares with others is out of reach. It goes on by itself meanwhile.';
const BACK = 'What this server shares with others can be reached again.';

/** A server of the app that is tried, with a way to Redis of its own. */
export class AppMachine implements AsyncDisposable {
  readonly name: string;
  readonly server: HttpServer;
  readonly log: RecordingLogger = new RecordingLogger();
  /** What its presence handlers were told, such as `joined ada`. */
  readonly told: string[] = [];
  /** What its handlers of clients were told. */
  readonly clients: string[] = [];

  constructor({ name, url, onStoreError = 'local', ...options }: MachineTerms) {
    this.name = name;
    this.server = new HttpServer('127.0.0.1', 0, {
      onStoreError,
      identify: (request) => request.header('x-client') ?? '',
    })
      .debug(this.log)
      .backplane(redis(url, { lostAfterMs: 3_000, ...options }))
      .history('kept*', { size: 2_000 })
      .connect((client) => void this.clients.push(`connected ${client.id}`))
      .disconnect((client, _clients, reason) => void this.clients.push(`disconnected ${client.id}: ${reason}`))
      .get('/plain', () => 'plain')
      .get('/limited', { rateLimit: { name: 'wide', max: 1_000_000, windowSeconds: 60 } }, () => 'limited')
      .get('/three', { rateLimit: { name: 'three', max: 3, windowSeconds: 60 } }, () => 'three')
      .get('/members', { connectionRequired: true }, () => 'members')
      .accept('/in/:topic', {
        open: (channel) => {
          const { member } = channel.request.query;
          // What cannot be joined at the moment is joined later.
          const joined = Promise.resolve(
            channel.join(channel.params.topic, typeof member === 'string' ? { member } : {}),
          );
          joined.then(() => channel.send('in')).catch(() => channel.send('in'));
        },
        message: () => {},
        gap: (_topic, channel) => void channel.send('gap'),
      })
      .events('/of/:topic', async (stream, request) => {
        await stream.join(request.params.topic);
        stream.send({ event: 'in', data: '' });
      })
      .onPresence('*', ({ kind, member }) => void this.told.push(`${kind} ${member}`));
  }

  static async open(terms: MachineTerms): Promise<AppMachine> {
    const machine = new AppMachine(terms);
    await machine.server.start();
    return machine;
  }

  get port(): number {
    return this.server.getAddress().port;
  }

  /** What it has logged of Redis, in order: that it is away, that something fails, that it is back. */
  get said(): readonly ('away' | 'fails' | 'back')[] {
    return this.log.lines.flatMap(({ level, message }) => {
      if (message === BACK) return ['back'];
      if (level === 'info' || level === 'debug') return [];
      return message === AWAY ? ['away'] : ['fails'];
    });
  }

  async get(path: string, client = 'somebody'): Promise<{ readonly status: number; readonly ms: number }> {
    const askedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers: { 'x-client': client } });
    await response.text();
    return { status: response.status, ms: performance.now() - askedAt };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown({ timeoutMs: 2_000 });
  }
}
