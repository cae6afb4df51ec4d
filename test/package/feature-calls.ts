import { once } from 'node:events';
import { request as requestByTls } from 'node:https';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';

/** Where `apps/bundled/app.js` listens; its port for TLS is 0 where it has no certificate. */
export interface Ports {
  readonly plain: number;
  readonly secure: number;
}

/** One thing that the app can do: what a client asks of it, and what the client sees then. */
export interface FeatureCall {
  readonly feature: string;
  readonly call: (ports: Ports) => Promise<unknown>;
  readonly answer: unknown;
}

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

/** All that stands on a library or on a part of Node that is not always loaded, each once. */
export const FEATURE_CALLS: readonly FeatureCall[] = [
  {
    feature: 'cookies',
    call: async (ports) =>
      fieldAndBody(await ask(ports, '/cookies', { headers: { cookie: 'a=1; b=%C3%BC' } }), 'set-cookie'),
    answer: ['sid=a%20b; Max-Age=60; Path=/; HttpOnly', '{"a":"1","b":"ü"}'],
  },
  {
    feature: 'JSON',
    call: (ports) => post(ports, '/json', '{"a":[1]}', 'application/json; charset=utf-8'),
    answer: [200, '{"a":[1]}'],
  },
  {
    feature: 'a schema of the app',
    call: (ports) => post(ports, '/checked', '{"n":3}', 'application/json'),
    answer: [200, '{"n":3}'],
  },
  {
    feature: 'a refusal by a schema of the app',
    call: async (ports) => (await post(ports, '/checked', '{"n":10}', 'application/json'))[0],
    answer: 400,
  },
  {
    feature: 'a form',
    call: (ports) => post(ports, '/form', 'a=1&b=%C3%BC', 'application/x-www-form-urlencoded'),
    answer: [200, '[["a","1"],["b","ü"]]'],
  },
  {
    feature: 'a form with files in memory and on disk',
    call: (ports) =>
      post(
        ports,
        '/form',
        formData({ a: '1', small: new File(['small'], 's.txt'), large: new File(['quite large'], 'ü.txt') }),
      ),
    answer: [200, '[["a","1"],["small","s.txt",false,"small"],["large","ü.txt",true,"quite large"]]'],
  },
  {
    feature: 'a download',
    call: async (ports) => fieldAndBody(await ask(ports, '/download'), 'content-disposition'),
    answer: ['attachment; filename="?bersicht.txt"; filename*=UTF-8\'\'%C3%9Cbersicht.txt', 'plain'],
  },
  {
    feature: 'media types',
    call: async (ports) => fieldAndBody(await ask(ports, '/file/a.docx'), 'content-type'),
    answer: [DOCX, 'document'],
  },
  {
    feature: 'media types of the app',
    call: async (ports) => fieldAndBody(await ask(ports, '/file/a.own'), 'content-type'),
    answer: ['text/x-own; charset=utf-8', 'own'],
  },
  {
    feature: 'content codings',
    call: async (ports) =>
      fieldAndBody(
        await ask(ports, '/file/plain.txt', { headers: { 'accept-encoding': 'br;q=0.5, gzip' } }),
        'content-encoding',
      ),
    answer: ['gzip', 'packed'],
  },
  {
    feature: 'rate limits',
    call: async (ports) => [(await ask(ports, '/limited')).status, (await ask(ports, '/limited')).status],
    answer: [200, 429],
  },
  {
    feature: 'a WebSocket',
    call: (ports) => talk(ports, '/echo', ['text ü', Buffer.from([0, 255])], false),
    answer: ['text ü', Buffer.from([0, 255])],
  },
  {
    feature: 'a WebSocket that compresses',
    call: (ports) => talk(ports, '/echo', ['again '.repeat(1_000)], true),
    answer: ['again '.repeat(1_000)],
  },
  {
    feature: 'a schema for messages',
    call: (ports) => talk(ports, '/checked', ['{"n":1}'], false),
    answer: ['{"n":2}'],
  },
  {
    feature: 'an event stream',
    call: async (ports) =>
      /^event: greeting\ndata: (.*)$/m.exec(
        await (await ask(ports, '/events', { headers: { accept: 'text/event-stream' } })).text(),
      )?.[1],
    answer: '{"hello":"world"}',
  },
  {
    feature: 'portlight/testing',
    call: async (ports) => (await ask(ports, '/testing')).json(),
    answer: ['LOUD', 'first'],
  },
  {
    feature: 'options that are checked',
    call: async (ports) => (await ask(ports, '/wrong-options')).json(),
    answer: [
      'The option maxBodyBytes of the server must be a whole number of bytes from 0 to 9007199254740991, not "1mb".',
      "The option slowClient of websocket must be 'close', 'drop' or 'latest', not \"x\".",
      'The option summary of the route GET / must be a string, not 1.',
    ],
  },
  { feature: 'TLS', call: ({ secure }) => askByTls(secure, '/file/plain.txt'), answer: 'plain' },
];

/** A field of the response, and its body. */
async function fieldAndBody(response: Response, field: string): Promise<readonly [field: string | null, body: string]> {
  return [response.headers.get(field), await response.text()];
}

function ask({ plain }: Ports, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${plain}${path}`, init);
}

async function post(
  ports: Ports,
  path: string,
  body: string | FormData,
  type?: string,
): Promise<readonly [status: number, body: string]> {
  const response = await ask(ports, path, {
    method: 'POST',
    body,
    headers: type === undefined ? {} : { 'content-type': type },
  });
  return [response.status, await response.text()];
}

function formData(entries: Readonly<Record<string, string | File>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(entries)) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, value.name);
  }
  return form;
}

/** Sends messages, and gives as many answers. */
async function talk(
  { plain }: Ports,
  path: string,
  messages: readonly (string | Buffer)[],
  perMessageDeflate: boolean,
): Promise<readonly unknown[]> {
  const socket = new WebSocket(`ws://127.0.0.1:${plain}${path}`, { perMessageDeflate });
  await once(socket, 'open');
  const answers: unknown[] = [];
  for (const message of messages) {
    socket.send(message);
    const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    answers.push(isBinary ? data : data.toString());
  }
  if (socket.extensions.includes('permessage-deflate') !== perMessageDeflate)
    throw new Error(`The extensions are ${JSON.stringify(socket.extensions)}.`);
  socket.close();
  await once(socket, 'close');
  return answers;
}

async function askByTls(port: number, path: string): Promise<string> {
  const request = requestByTls({ host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false }).end();
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  return text(response);
}
