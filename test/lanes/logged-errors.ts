import type { Logger } from 'portlight';

/** Keeps what a server reports as an error or a warning: the lanes have to report the same. */
export class LoggedErrors implements Logger {
  #lines: string[] = [];

  debug(): void {}

  info(): void {}

  warn(_fields: object, message: string): void {
    this.#lines.push(`warn: ${message}`);
  }

  error(fields: object, message: string): void {
    const { err } = fields as { err?: { name?: string; message?: string } };
    this.#lines.push(`error: ${message} ${err?.name ?? ''} ${err?.message ?? ''}`);
  }

  /** All lines, and forgets them. */
  take(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
