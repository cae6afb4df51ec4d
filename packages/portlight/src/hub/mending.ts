import { formatPosition, type PassedMessage, type Position, type Replay } from '../backplane/bus.ts';
import type { SharedState } from '../backplane/shared-state.ts';
import { announceGap } from './announce-gap.ts';
import { type BusDesk, isReplay } from './bus-desk.ts';
import { Hold } from './hold.ts';
import type { Publisher } from './publisher.ts';
import type { Mender, Room } from './room.ts';
import type { Subscription } from './subscription.ts';
import { whenReady } from './when-ready.ts';

/** Makes up for messages that did not arrive: from the history where that has all of them, else by saying so. */
export class Mending implements Mender {
  readonly #shared: SharedState;
  readonly #desk: BusDesk;
  readonly #publisher: Publisher;

  constructor(shared: SharedState, desk: BusDesk, publisher: Publisher) {
    this.#shared = shared;
    this.#desk = desk;
    this.#publisher = publisher;
  }

  mend(room: Room, seen: Position, to: Position): void {
    const { topic } = room;
    const isKept = this.#publisher.keeps(topic);
    const missing = [...room.subscriptions].filter((subscription) => !subscription.has(to));
    // What was seen of another epoch tells nothing of this one. And who waits for a replay hears of the gap behind it,
    // unless that goes further.
    const mendable = isKept && seen.epoch === to.epoch ? missing.filter(({ isHeld }) => !isHeld) : [];
    const gap = announceGap(topic, isKept ? formatPosition(seen) : undefined, to);
    for (const subscription of missing) if (!mendable.includes(subscription)) subscription.take(gap, true);
    if (mendable.length > 0) this.#replay(topic, mendable, seen, to);
  }

  #replay(topic: string, subscriptions: readonly Subscription[], seen: Position, to: Position): void {
    const hold = new Hold(subscriptions);
    const since = formatPosition(seen);
    const write = (replay: Replay): void => {
      for (const subscription of subscriptions) subscription.takeMissed(replay, since);
      hold.release();
    };
    const read = whenReady(
      this.#desk.ask((bus) => bus.read(topic, { position: since }), isReplay),
      ({ gap, messages }) => write({ gap: gap ?? (reaches(messages, seen, to) ? undefined : seen), messages }),
    );
    if (!(read instanceof Promise)) return;
    const failed = (error: unknown): never => {
      write({ gap: to, messages: [] });
      throw error;
    };
    this.#shared.own(read.catch(failed), 'What a topic has missed could not be read; a gap was announced.');
  }
}

/** Whether the messages follow one another from `seen` to at least `to`. */
function reaches(messages: readonly PassedMessage[], seen: Position, to: Position): boolean {
  let at = seen.seq;
  for (const { position, prev } of messages) {
    if (prev > at) return false;
    at = position.seq;
  }
  return at >= to.seq;
}
