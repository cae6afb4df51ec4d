import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const RATE_LIMIT = fileURLToPath(new URL('../../rate-limit/dist/', import.meta.url));

/**
 * Puts the declarations of `@portlight/rate-limit` beside ours, which name its store: its code is inlined, so nobody
 * installs it, and a name that leads nowhere is no type.
 */
export function inlineTypes() {
  return {
    name: 'inline-types',
    writeBundle() {
      cpSync(RATE_LIMIT, join(DIST, 'rate-limit'), {
        recursive: true,
        filter: (path) => !/\.(?:js|tsbuildinfo)$/.test(path),
      });
      for (const path of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
        if (path.endsWith('.d.ts')) lead(join(DIST, path));
      }
    },
  };
}

/** Leads a file of declarations to the copy. */
function lead(path) {
  const text = readFileSync(path, 'utf8');
  const copy = relative(dirname(path), join(DIST, 'rate-limit')).split(sep).join('/');
  const led = text.replaceAll(
    /(?<=from ')@portlight\/rate-limit(\/testing)?(?=')/g,
    (_, testing) => `${copy.startsWith('.') ? copy : `./${copy}`}/${testing === undefined ? 'index' : 'testing'}.js`,
  );
  if (led !== text) writeFileSync(path, led);
}
