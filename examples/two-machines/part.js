import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/** A process of this example, which can be stopped and started again. */
export class Part {
  /** What it has said of itself, such as its port. */
  told = {};
  state = 'stopped';
  /** A promise of the child process. */
  #launched;
  /** @readonly */
  #launch;
  /** @readonly */
  #isReady;

  /**
   * @param launch starts the child process
   * @param isReady resolves when it serves
   */
  constructor(name, { launch, isReady }) {
    this.name = name;
    this.#launch = launch;
    this.#isReady = isReady;
  }

  /** Called when it has ended and nobody asked it to. */
  onDeath = () => {};

  /** Rejects when it has ended before it served. */
  async start() {
    this.state = 'starting';
    this.#launched = Promise.resolve(this.#launch());
    const child = await this.#launched;
    this.told = { ...this.told, pid: child.pid };
    child.on('message', (told) => Object.assign(this.told, told));
    // `exit` comes where it could not be started, too: `fork` runs node.
    const ended = once(child, 'exit').then(() => {
      const isUnasked = this.state === 'running';
      this.state = 'stopped';
      if (isUnasked) this.onDeath();
    });
    const isServing = await Promise.race([this.#isReady(child).then(() => true), ended.then(() => false)]);
    if (!isServing) throw new Error(`${this.name} did not start. Its words are in the terminal.`);
    if (this.state === 'starting') this.state = 'running';
  }

  /** @param afterMs how long it may still answer who has asked for that */
  async stop(signal = 'SIGTERM', afterMs = 0) {
    if (this.state === 'stopped') return;
    const isFirst = this.state !== 'stopping';
    this.state = 'stopping';
    const child = await this.#launched;
    const ended = once(child, 'exit');
    await delay(afterMs);
    if (isFirst) child.kill(signal);
    await ended;
  }
}
