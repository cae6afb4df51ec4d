import { defineConfig } from 'rolldown';

// One file: many small modules take longer to load than one large. Types stay as they are.
export default defineConfig({
  input: { index: 'src/index.ts' },
  platform: 'node',
  external: [/^[a-z@]/],
  output: { dir: 'dist', cleanDir: false },
});
