import { createRequire } from 'node:module';

/** Loads a CommonJS library, or one of Node's, at once. */
export const require: NodeJS.Require = createRequire(import.meta.url);

/** A library that is loaded when it is first needed: most servers start without it. */
export function onDemand<Library>(load: () => Library): () => Library {
  let library: Library | undefined;
  return () => (library ??= load());
}
