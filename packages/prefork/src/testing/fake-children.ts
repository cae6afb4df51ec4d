import { Primary } from '../child/primary.ts';
import type { ControlPort } from '../ports/control-port.ts';
import { joinControlPorts, type JoinedControlPort } from '../ports/joined-control-ports.ts';
import { joinPorts, type JoinedPort } from '../ports/joined-ports.ts';
import type { ChildCommand } from '../start/child-command.ts';
import { takeMarker } from '../start/marker.ts';
import type { ChildEnd, StartedChild } from '../start/started-child.ts';

/**
 * Children that are no processes, for a supervisor in a test:
 * `new Supervisor(options, (command) => fakes.start(command))`.
 */
export class FakeChildren {
  /** All that were started, in that order. */
  readonly all: FakeChild[] = [];
  readonly #run: (child: FakeChild) => void;

  /** @param run what each child does, in the turn after its start: at the least, `child.primary.ready()` */
  constructor(run: (child: FakeChild) => void = ({ primary }) => primary.ready()) {
    this.#run = run;
  }

  start(command: ChildCommand): StartedChild {
    const child = new FakeChild(command, this.all.length + 1);
    this.all.push(child);
    setImmediate(() => {
      if (child.isAlive) this.#run(child);
    });
    return child;
  }
}

/** A child, as its supervisor sees it; and its `primary`, as it sees that itself. */
export class FakeChild implements StartedChild {
  readonly command: ChildCommand;
  readonly pid: number;
  readonly control: ControlPort;
  readonly port: JoinedPort;
  readonly primary: Primary;
  isAlive: boolean = true;
  readonly #childControl: JoinedControlPort;
  readonly #childPort: JoinedPort;
  #onEnd: (end: ChildEnd) => void = () => {};
  #exitCode = 0;

  constructor(command: ChildCommand, pid: number) {
    this.command = command;
    this.pid = pid;
    [this.control, this.#childControl] = joinControlPorts();
    [this.port, this.#childPort] = joinPorts();
    const marker = takeMarker(command.environment);
    if (marker === undefined) throw new Error('The command is for no child.');
    this.primary = new Primary(marker, {
      control: this.#childControl,
      port: this.#childPort,
      hold: () => {},
      leave: (code) => {
        this.#exitCode = code;
        setImmediate(() => this.exit(this.#exitCode));
      },
      exit: (code) => this.exit(code),
      watch: () => {},
    });
  }

  kill(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL') this.endBy(signal);
    else if (signal === 'SIGTERM') this.primary.drain(signal);
  }

  /** It ends by itself. */
  exit(code: number): void {
    this.#end({ code, signal: null });
  }

  /** A signal ends it at once, as one that it does not listen to yet. */
  endBy(signal: NodeJS.Signals): void {
    this.#end({ code: null, signal });
  }

  /** Its event loop does not turn: it says nothing over its link any more. */
  freeze(): void {
    this.#childPort.hold();
  }

  /** It is stopped: nothing reaches it. */
  stopHearing(): void {
    this.#childControl.listen({ received() {}, closed() {} });
  }

  onEnd(listener: (end: ChildEnd) => void): void {
    this.#onEnd = listener;
  }

  #end(end: ChildEnd): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#childControl.close();
    this.#childPort.close();
    // What it said before is heard before.
    setImmediate(() => setImmediate(() => this.#onEnd(end)));
  }
}
