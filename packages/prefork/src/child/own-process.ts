import type { ControlPort } from '../ports/control-port.ts';
import type { Port } from '../ports/port.ts';
import type { WatchdogOptions } from './watchdog.ts';

/** The process of a child, as far as its primary is concerned. */
export interface OwnProcess {
  readonly control: ControlPort;
  readonly port: Port;
  /** From here on the wait for messages keeps it alive. Before, a file that ends without `ready()` ends it. */
  hold(): void;
  /** It ends when nothing of the app's keeps it, and all that was said is written. The app's own exit code stays. */
  leave(code: number): void;
  /** It ends at once. The app's own exit code stays. */
  exit(code: number): void;
  /** Tells when the parent is gone, apart from the event loop: what does not hear it, or takes longer, is killed. */
  watch(options: WatchdogOptions): void;
}
