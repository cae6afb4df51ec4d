import type { App } from './app.ts';
import type { Mode } from './modes.ts';

/** Promises that one app can keep side by side, by what they say. */
export type Promised = Readonly<Record<string, (app: App) => Promise<void>>>;

/** Promises about the start and the stop of apps, or with options of their own. */
export type PromisedOfLife = Readonly<Record<string, (mode: Mode) => Promise<void>>>;
