import { defineConfig } from 'vitest/config';

export default defineConfig({
  // All sources are read and parsed, and the machine may be busy with others.
  test: { name: 'architecture', include: ['*.test.ts'], testTimeout: 60_000 },
});
