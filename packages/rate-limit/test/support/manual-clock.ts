/** A clock that a test moves. Its fractions are eighths of a ms, so that sums of them are exact. */
export class ManualClock {
  now: number;

  constructor(now = 5_000_000.125) {
    this.now = now;
  }

  readonly read = (): number => this.now;
}
