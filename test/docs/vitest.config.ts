import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'docs', include: ['*.test.ts'], globalSetup: 'check-examples.ts', testTimeout: 30_000 },
});
