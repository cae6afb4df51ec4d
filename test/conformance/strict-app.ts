import { type HttpServer, HttpResponse, type ServerOptions } from 'portlight';
import { type OpenServer, openServer } from '../../packages/portlight/test/support/open-server.ts';
import { get, RawClient } from '../../packages/portlight/test/support/raw-client.ts';
import type { Lane } from './lanes.ts';

/** A server with a few routes, which keeps what reached its middleware. */
export interface StrictApp extends OpenServer {
  /** `METHOD path` of every request that was routed. */
  readonly seen: readonly string[];
  /** How the reading of each body ended: its bytes, or the name of the error. */
  readonly bodies: readonly string[];
}

/** What a connection got until the server closed it. */
export interface Refusal {
  readonly statuses: readonly string[];
  /** Whether every response said that it is the last. */
  readonly saysClose: boolean;
  readonly seen: readonly string[];
  readonly bodies: readonly string[];
}

/** A request that a refused one must not bring to life. */
const TAIL = get('/smuggled');

export async function openApp(lane: Lane, options: ServerOptions = {}): Promise<StrictApp> {
  const seen: string[] = [];
  const bodies: string[] = [];
  const open = await openServer((server) => register(server, seen, bodies), { ...lane.options, ...options });
  return { ...open, seen, bodies };
}

function register(server: HttpServer, seen: string[], bodies: string[]): void {
  server
    .use((request, next) => {
      seen.push(`${request.method} ${request.path}`);
      return next();
    })
    .get('/', () => 'Hello')
    .get('/smuggled', () => 'smuggled')
    .get('/stream', () => ['a', '', 'bc'].values())
    .get('/head', (request) => ({
      method: request.method,
      x: request.header('x'),
      long: request.header('x-long')?.length,
    }))
    .get('/close', () => HttpResponse.text('bye').header('connection', 'close'))
    .get('/204', () => new HttpResponse('ignored', { status: 204 }))
    .get('/205', () => new HttpResponse(null, { status: 205 }))
    .get('/304', () => new HttpResponse('ignored', { status: 304, headers: { etag: '"a"' } }))
    .get('/500', () => {
      throw new Error('secret');
    })
    .post('/ignore', () => 'ignored')
    .route('POST|PUT|DELETE|PATCH', '/echo', async (request) => {
      const text = await request.text().catch((error: unknown) => {
        bodies.push((error as Error).name);
        throw error;
      });
      bodies.push(text);
      return text;
    });
}

/** Sends bytes and after them a whole request, and gives what came back until the server closed. */
export async function refusalOf(lane: Lane, bytes: string, options: ServerOptions = {}): Promise<Refusal> {
  await using app = await openApp(lane, options);
  await using client = await RawClient.open(app.port);
  const text = await client.send(bytes + TAIL).ended();
  const statuses = text.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? [];
  return {
    statuses,
    saysClose: (text.match(/^connection: close\r$/gim) ?? []).length === statuses.length,
    seen: app.seen,
    bodies: app.bodies,
  };
}

/** A request with the lines given, without those that {@link get} adds. */
export function head(...lines: readonly string[]): string {
  return [...lines, '', ''].join('\r\n');
}

/** A POST to `/echo` with a Host and the lines given. */
export function post(lines: readonly string[], body = ''): string {
  return head('POST /echo HTTP/1.1', 'host: a', ...lines) + body;
}

/** A chunked POST to `/echo`, whose body is as given. */
export function chunked(body: string): string {
  return post(['transfer-encoding: chunked'], body);
}
