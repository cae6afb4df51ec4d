import { defineConfig } from 'rolldown';
import { inlineLibraries } from './build/inline-libraries.js';
import { listInlined } from './build/list-inlined.js';
import { inlineTypes } from './build/inline-types.js';
import own from './package.json' with { type: 'json' };

// One file for each entry, and one that they share, with every library in it: see docs/decisions/one-file-of-code.md.
export default defineConfig({
  input: { index: 'src/index.ts', guests: 'src/guests.ts', testing: 'src/testing/index.ts' },
  platform: 'node',
  plugins: [inlineLibraries(), listInlined(own), inlineTypes()],
  resolve: { conditionNames: ['@portlight/source', 'import', 'node'] },
  // Native add-ons that ws would look for; Node has since got what they do.
  transform: { define: { 'process.env.WS_NO_BUFFER_UTIL': "'1'", 'process.env.WS_NO_UTF_8_VALIDATE': "'1'" } },
  output: {
    dir: 'dist',
    cleanDir: false,
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
    // What is all ASCII takes half the memory, and the declarations have the docstrings.
    charset: 'ascii',
    comments: { jsdoc: false },
  },
});
