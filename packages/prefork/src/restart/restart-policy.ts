/** How children that end by themselves are replaced. All of it is a matter of what happened when, and of chance. */
export class RestartPolicy {
  readonly #random: () => number;
  /** Since its last long life, of each seat. */
  readonly #failures: Map<number, number> = new Map();
  /** When children ended before they were ready, since the last one that was. */
  #bootFailures: number[] = [];

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** A child is ready: what keeps children from starting is over. */
  ready(): void {
    this.#bootFailures = [];
  }

  /**
   * A child failed.
   *
   * @param upMs how long it was ready; `undefined` when it never was
   * @param othersServe whether there is something to lose by giving up
   * @returns after how many milliseconds there is another, or that there is none
   */
  failed(seat: number, upMs: number | undefined, nowMs: number, othersServe: boolean = false): number | 'give-up' {
    const isHopeless = upMs === undefined && this.#countBootFailure(nowMs) >= MAX_BOOT_FAILURES;
    if (isHopeless && !othersServe) return 'give-up';
    const failures = upMs !== undefined && upMs >= FORGIVEN_AFTER_MS ? 0 : (this.#failures.get(seat) ?? 0);
    this.#failures.set(seat, failures + 1);
    return delayAfter(failures, this.#random());
  }

  #countBootFailure(nowMs: number): number {
    this.#bootFailures = this.#bootFailures.filter((at) => nowMs - at < BOOT_FAILURES_WITHIN_MS);
    return this.#bootFailures.push(nowMs);
  }
}

/** So many ends before ready, and nobody ready between them, within so long: it will not get better. */
const MAX_BOOT_FAILURES = 10;
const BOOT_FAILURES_WITHIN_MS = 60_000;
/** A child that was up for so long begins anew. */
const FORGIVEN_AFTER_MS = 60_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 30_000;

/** 0, then 0.1, 0.2, 0.4 … 30 s, each up to a quarter less, so that many do not come back at once. */
function delayAfter(failures: number, random: number): number {
  if (failures === 0) return 0;
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);
  return Math.round(delayMs * (1 - random / 4));
}
