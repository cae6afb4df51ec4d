import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*/{vitest.config.ts,vitest.*.config.ts}', 'test/*/vitest.config.ts'],
    // Many files wait for clocks of the server for most of their time.
    maxWorkers: availableParallelism() + 1,
  },
});
