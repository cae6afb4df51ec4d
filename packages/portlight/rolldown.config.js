import { defineConfig } from 'rolldown';

// One file for each entry: a hundred small modules take four times as long to load as one large. Types stay as they are.
export default defineConfig({
  input: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  platform: 'node',
  // What has its home in this repository is part of the file; what others publish stays a dependency.
  external: [/^(?!@portlight\/)[a-z@]/],
  resolve: { conditionNames: ['@portlight/source', 'import', 'node'] },
  output: { dir: 'dist', cleanDir: false, chunkFileNames: 'shared.js' },
});
