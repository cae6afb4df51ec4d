import { DEFAULTS } from '../defaults.ts';
import { showValue } from '../errors/show-value.ts';
import { Code, isRecord, showAll, suggest, writeCall } from './write-call.ts';

/** The fields in which other frameworks have the address. */
const HOSTS = ['host', 'hostname', 'address', 'path'];
/** An address and a port in one text, of a URL or as a command line has them. */
const WITH_PORT = /^(?:https?:\/\/)?(\[[^\]]+\]|[^:/]*)(?::(\d{1,5}))?\/?$/;

/**
 * Why a server is not made of arguments that are right elsewhere, or nearly right here, with the call to write instead.
 * `undefined` where there is no such call, or they are right.
 */
export function explainServer(address: unknown, port: unknown, options: unknown): string | undefined {
  const rest = isRecord(options) && Object.keys(options).length > 0 ? [options] : [];
  if (isRecord(address)) return suggest('A server takes its address and port as arguments', writeServer(address));
  if (typeof address === 'number' || (typeof address === 'string' && /^\d+$/.test(address))) {
    const host = typeof port === 'string' && !/^\d+$/.test(port) ? port : DEFAULTS.address;
    return suggest(
      'The first argument of a server is its address, and the port the second',
      create(host, Number(address), ...(isRecord(port) ? [port] : rest)),
    );
  }
  if (
    address instanceof URL ||
    (typeof address === 'string' && !address.includes('://') && !isBare(address)) ||
    (typeof address === 'string' && /^https?:/.test(address))
  )
    return explainAddress(String(address), rest);
  if (isRecord(port))
    return suggest(
      'The second argument of a server is its port, and its options are the third',
      writeServer({ host: address, ...port }),
    );
  if (typeof port === 'string' && /^\d+$/.test(port))
    return suggest(
      `A port is a whole number from 0 to 65535, not ${showValue(port)}`,
      `${create(address ?? DEFAULTS.address, Number(port), ...rest)}, or Number(…) around a text`,
    );
  return undefined;
}

/** Whether it is a host without a port; an IPv6 address has colons too. */
function isBare(address: string): boolean {
  return !/^[^:]*:\d+$/.test(address) && !/^\[[^\]]+\]:\d+$/.test(address) && !address.startsWith('/');
}

function explainAddress(address: string, rest: readonly unknown[]): string | undefined {
  if (address.startsWith('/')) return suggest('A unix socket is written as a URL', create(`unix://${address}`));
  const match = WITH_PORT.exec(address);
  if (match === null) return undefined;
  const host = match[1] === '' ? DEFAULTS.address : (match[1] as string).replace(/^\[(.*)\]$/, '$1');
  const port = match[2] === undefined ? DEFAULTS.port : Number(match[2]);
  if (address.startsWith('https:'))
    return suggest(
      'A server that speaks TLS has an address such as tls://host:port',
      create(`tls://${match[1]}:${port}`, new Code('undefined'), new Code('{ tls: … }')),
    );
  return suggest(
    `A server takes its address and port as two arguments, not ${showValue(address)}`,
    create(host, port, ...rest),
  );
}

function writeServer(fields: Readonly<Record<string, unknown>>): string {
  const { port = DEFAULTS.port, ...others } = fields;
  const hosts = HOSTS.map((name) => others[name]).filter((value) => typeof value === 'string');
  const options = Object.fromEntries(Object.entries(others).filter(([name]) => !HOSTS.includes(name)));
  return create(
    hosts[0] ?? DEFAULTS.address,
    typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port,
    ...(Object.keys(options).length === 0 ? [] : [options]),
  );
}

function create(...args: readonly unknown[]): string {
  return `new ${writeCall('HttpServer', ...args)}`;
}

/**
 * Why `start` and `run` refuse their arguments, and why there is no `listen`.
 *
 * @param own the address the server has
 */
export function explainStart(call: 'start' | 'run' | 'listen', args: readonly unknown[], own: string): string {
  const [first] = args;
  const callback = args.find((each) => typeof each === 'function');
  const start = call === 'start' ? 'start()' : 'run()';
  const taken = call === 'run' ? "no arguments but options such as { mode: 'concurrent' }" : 'no arguments';
  const sentence = call === 'listen' ? 'A server has no listen' : `${call} takes ${taken}, not ${showAll(args)}`;
  if (call === 'run' && typeof first === 'string' && args.length === 1 && /^[a-z]+$/.test(first))
    return suggest(sentence, `run({ mode: ${showValue(first)} })`);
  const port = isRecord(first)
    ? first['port']
    : args.find((each) => typeof each === 'number' || (typeof each === 'string' && /^\d+$/.test(each)));
  const host = isRecord(first)
    ? HOSTS.map((name) => first[name]).find((value) => typeof value === 'string')
    : args.find((each) => typeof each === 'string' && !/^\d+$/.test(each));
  const hasPlace = port !== undefined || host !== undefined;
  const isPositional = call === 'run' && args.length > 1 && callback === undefined;
  if (isPositional) return `${sentence}; how a server runs is said by its mode: write run({ mode: 'concurrent' }).`;
  const ready = callback === undefined ? '' : `${writeCall('onStart', callback)}.`;
  if (hasPlace)
    return suggest(
      `${sentence}; the port belongs to the constructor`,
      `${create(host ?? own, Number(port ?? DEFAULTS.port))}, and then ${ready}${start}`,
    );
  return suggest(sentence, ready + start);
}
