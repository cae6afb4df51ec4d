// Registries to try the example with, on this machine: what they know is made up.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const TAKEN = new Set(['example.com', 'harbour.com', 'example.net', 'lamp.net']);
const answerTo = (domain) => (TAKEN.has(domain) ? `Domain Name: ${domain}\n` : `No match for ${domain}\n`);
const known = { host: '127.0.0.1', available: 'No match for', taken: 'Domain Name:' };

/** `.com` over TCP, in pieces; `.net` by datagrams; `.org` takes questions and never answers. */
export async function startPretendRegistries() {
  const com = await startTcp((socket) => {
    socket.once('data', (line) => {
      socket.write('% This is a pretend registry.\n');
      setTimeout(() => socket.end(answerTo(String(line).trim())), 100 + Math.random() * 1_500);
    });
  });
  const org = await startTcp(() => {});
  const net = createSocket('udp4').unref();
  net.on('message', (question, { port, address }) => net.send(answerTo(String(question)), port, address));
  net.bind(0, '127.0.0.1');
  await once(net, 'listening');
  return {
    com: { ...known, protocol: 'tcp', port: com.address().port, timeoutMs: 3_000 },
    net: { ...known, protocol: 'udp', port: net.address().port, timeoutMs: 1_000 },
    org: { ...known, protocol: 'tcp', port: org.address().port, timeoutMs: 2_000 },
  };
}

async function startTcp(onConnection) {
  const server = createServer((socket) => onConnection(socket.on('error', () => {})));
  await once(server.unref().listen(0, '127.0.0.1'), 'listening');
  return server;
}
