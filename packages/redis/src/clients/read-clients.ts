import type { Client } from 'portlight';
import { fromKeyText } from './key-text.ts';

/**
 * Clients as Redis tells of them, each in three elements: id, entry, and last sight. Where Redis has evicted a sight,
 * the time of connecting stands in for it.
 */
export function readClients(reply: readonly unknown[]): readonly Client[] {
  const clients: Client[] = [];
  for (let index = 0; index + 2 < reply.length; index += 3)
    clients.push(readClient(reply[index] as string, reply[index + 1] as string, reply[index + 2]));
  return clients;
}

function readClient(id: string, entry: string, seenAt: unknown): Client {
  const [requests = '', connectedAt = '', , ...address] = entry.split('\n');
  return {
    id: fromKeyText(id),
    address: address.join('\n'),
    connectedAt: Number(connectedAt),
    lastSeenAt: typeof seenAt === 'string' ? Number(seenAt) : Number(connectedAt),
    requests: Number(requests),
  };
}
