import { EventClient } from '../../../portlight/test/support/event-client.ts';
import { WebSocketClient } from '../../../portlight/test/support/web-socket-client.ts';
import type { AppMachine } from './app-machine.ts';

/** What a client is given: messages as `<publisher> <number>`, and `gap`. */
export interface Listener extends AsyncDisposable {
  readonly name: string;
  readonly at: AppMachine;
  readonly heard: readonly string[];
}

/** A WebSocket that is in a topic, as a member where it has a name. */
export async function listen(at: AppMachine, topic: string, member?: string): Promise<Listener> {
  const path = `/in/${encodeURIComponent(topic)}${member === undefined ? '' : `?member=${member}`}`;
  const client = await WebSocketClient.open(at.port, path);
  await client.until(() => client.received.includes('in'));
  return {
    name: `a WebSocket in ${topic} at ${at.name}`,
    at,
    get heard() {
      return client.received.filter((each) => each !== 'in').map(String);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** An event stream of a topic. */
export async function follow(at: AppMachine, topic: string): Promise<Listener> {
  const client = await EventClient.open(at.port, `/of/${encodeURIComponent(topic)}`);
  await client.until(() => client.received.some(({ event }) => event === 'in'));
  return {
    name: `an event stream of ${topic} at ${at.name}`,
    at,
    get heard() {
      const said = client.received.filter(({ event }) => event !== 'in');
      return said.map(({ event, data }) => (event === 'portlight.gap' ? 'gap' : data));
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}
