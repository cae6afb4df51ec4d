import { type Browser, chromium, type Page } from 'playwright-core';
import { findProgram } from '../conformance/find-program.ts';
import { skipsWithout } from '../conformance/skips-without.ts';

/** Debian's package, or that of another system. */
const program = findProgram('chromium', 'chromium-browser', 'google-chrome');

export const IS_BROWSER_MISSING: boolean = program === undefined;
export const SKIPS_BROWSER: boolean = skipsWithout(program, 'Chromium', 'chromium');

export function launchBrowser(): Promise<Browser> {
  if (program === undefined) throw new Error('Chromium is not installed.');
  // Its sandbox does not work for root, as which containers run; it visits our own pages only.
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** Pictures of a page, light and dark, for a look by eye: only where `SHOTS` names a folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['SHOTS'];
  if (folder === undefined) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png` });
  }
}

/** What a page said with `note(…)`, in order. */
export class Notes {
  readonly #said: unknown[] = [];
  #watchers: (() => void)[] = [];

  /** Listens to a page that is not yet loaded. */
  static async of(page: Page): Promise<Notes> {
    const notes = new Notes();
    await page.exposeFunction('note', (value: unknown) => {
      notes.#said.push(value);
      for (const watch of [...notes.#watchers]) watch();
    });
    return notes;
  }

  /** The first ones, once so many were said. */
  first(count: number): Promise<readonly unknown[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#said.length < count) return;
        this.#watchers = this.#watchers.filter((each) => each !== look);
        resolve(this.#said.slice(0, count));
      };
      this.#watchers.push(look);
      look();
    });
  }
}
