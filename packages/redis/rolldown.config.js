import { defineConfig } from 'rolldown';

// One file, with the leases of `@portlight/rate-limit` in it: nobody has to install that. Types stay as they are.
export default defineConfig({
  input: { index: 'src/index.ts' },
  platform: 'node',
  external: ['portlight', '@redis/client', /^node:/],
  resolve: { conditionNames: ['@portlight/source', 'import', 'node'] },
  output: { dir: 'dist', cleanDir: false },
});
