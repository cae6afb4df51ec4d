import type { Logger } from '../../src/log.ts';

export interface LogLine {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Keeps every line, for a test to look at. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(fields: object, message: string): void {
    this.#keep('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.#keep('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#keep('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#keep('error', fields, message);
  }

  /** The lines of one level. */
  at(level: keyof Logger): readonly LogLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  #keep(level: keyof Logger, fields: object, message: string): void {
    this.lines.push({ level, fields: fields as LogLine['fields'], message });
  }
}
