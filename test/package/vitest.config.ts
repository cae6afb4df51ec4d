import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'package',
    include: ['*.test.ts'],
    // Installs and compilers take both cores, so they wait for the tests that look at a clock.
    sequence: { groupOrder: 1 },
    hookTimeout: 180_000,
    testTimeout: 60_000,
  },
});
