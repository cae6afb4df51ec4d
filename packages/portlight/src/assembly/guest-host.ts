import { randomUUID } from 'node:crypto';
import { hasChildren, type RunMode } from '../config/run-mode.ts';
import type { RouteOptions } from '../config/route-options.ts';
import type { Taker } from '../handlers/taker.ts';
import { InnerTopic } from '../hub/inner-topic.ts';
import type { Publication } from '../hub/publication.ts';
import type { Logger } from '../log.ts';
import { readOptions } from '../registration/read-route.ts';
import type { RoutePattern } from '../routing/pattern.ts';
import type { Assembly } from './assembly.ts';

/** Who hears what is said in a topic of a guest. */
export interface GuestListener {
  /** What another process published: the text or the bytes as they are. Must not throw. */
  receive(payload: string | Uint8Array): void;
  /** Something may be missing in front of what comes next: the processes were cut off from each other. */
  miss?(): void;
}

/** A topic in which a guest is in several processes, and machines. No client hears of it, and no app can name it. */
export interface GuestTopic {
  /**
   * Listens from here on. Where the backplane is out of reach it rejects, and joins when that is there again. Not to be
   * called before the server starts: the app may not have given its backplane yet.
   *
   * @param member under which name `members` knows this process; without one it is not among them
   */
  join(listener: GuestListener, member?: string): Promise<void>;
  leave(): Promise<void>;
  /** Says something to all others who listen. Rejects where the backplane cannot be reached; that is logged. */
  publish(payload: string | Uint8Array): Promise<void>;
  /** The names of who is in the topic, in all processes. Rejects as `publish` does. */
  members(): Promise<readonly string[]>;
}

/** A server as a package sees it that brings a guest. */
export interface GuestHost {
  /** How requests are handled; known when the server starts. */
  readonly mode: RunMode;
  /** Whether nobody else can hear what is published: one process, and no backplane of the app. Known as `mode` is. */
  readonly isAlone: boolean;
  /** Where the server logs by now. */
  readonly log: Logger;
  /**
   * Registers the guest for its path, by every method, and for upgrades where it takes them.
   *
   * @param call how the app has written it, for what is thrown
   * @throws {ConfigError} on a path that is another route's, a wrong option, or after the start
   */
  admit(
    call: string,
    pattern: RoutePattern,
    options: Pick<RouteOptions, 'connectionRequired' | 'rateLimit' | 'use'>,
    guest: Taker,
  ): void;
  /** @param name of the topic; another package must not have the same, and a client may have chosen a part of it */
  topic(name: string): GuestTopic;
}

/** What a package that brings a guest may do with the parts of a server. */
export function guestHostOf(parts: Assembly): GuestHost {
  return {
    get mode() {
      return parts.mode;
    },
    get isAlone() {
      return parts.shared.isAlone && !hasChildren(parts.mode);
    },
    get log() {
      return parts.log.logger;
    },
    admit(call, pattern, options, guest) {
      parts.book.assertOpen(call);
      parts.book.addTaker(pattern, readOptions(options, call), guest);
    },
    topic: (name) => topicOf(parts, name),
  };
}

function topicOf({ hub }: Assembly, name: string): GuestTopic {
  const topic = new InnerTopic(name);
  const id = randomUUID();
  return {
    async join(listener, member) {
      const receive = ({ payload }: Publication): void => listener.receive(payload);
      const subscriber = { id, deliver: receive, replay: receive, miss: () => listener.miss?.() };
      await hub.joinAll(subscriber, [member === undefined ? { topic } : { topic, member }]);
    },
    async leave() {
      await hub.leave({ id }, topic);
    },
    async publish(payload) {
      await hub.publish(topic, payload, { except: id });
    },
    async members() {
      return (await hub.presence(topic)).map(({ member }) => member);
    },
  };
}
