import { isBuiltin } from 'node:module';

const BUILT_IN = '\0built-in:';
const REQUIRE_OF_OURS = 'import { onDemand, require } from';

/**
 * Makes libraries part of the file. `require` of `src/on-demand.ts` becomes the `require` that the bundler knows: it
 * puts a CommonJS library into a function that is called when the library is first needed. What such a library requires
 * of Node comes from `process.getBuiltinModule`, because bundlers of apps can do nothing with a `require` inside of an
 * ES module.
 */
export function inlineLibraries() {
  return {
    name: 'inline-libraries',
    transform: {
      filter: { code: REQUIRE_OF_OURS },
      handler: (code) => code.replace(REQUIRE_OF_OURS, 'import { onDemand } from'),
    },
    resolveId: {
      order: 'pre',
      handler: (id, _importer, { kind }) => (kind === 'require-call' && isBuiltin(id) ? BUILT_IN + id : undefined),
    },
    load: {
      filter: { id: new RegExp(`^${BUILT_IN}`) },
      handler: (id) => ({
        code: `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(BUILT_IN.length))});`,
        moduleType: 'js',
      }),
    },
  };
}
