import { defineConfig } from 'rolldown';

// One file for each entry: many small modules take longer to load than one large. Types stay as they are.
export default defineConfig({
  input: { index: 'src/index.ts', leases: 'src/leases.ts', testing: 'src/testing.ts' },
  platform: 'node',
  external: [/^[a-z@]/],
  output: { dir: 'dist', cleanDir: false },
});
