import { createRequire } from 'node:module';

/**
 * Loads a CommonJS library at once, from disk where the package runs from its sources. The build puts the library
 * itself in place of such a call, so what is published loads nothing.
 */
export const require: NodeJS.Require = /* @__PURE__ */ createRequire(import.meta.url);

/** A library, or what is made with one, that is evaluated when it is first needed: most servers start without it. */
export function onDemand<Needed>(load: () => Needed): () => Needed {
  let needed: Needed | undefined;
  return () => (needed ??= load());
}
