import { defineConfig } from 'vitest/config';

// The long form has a time of its own (see seeded-requests.test.ts).
export default defineConfig({
  test: { name: 'faults', include: ['*.test.ts'], testTimeout: 60_000 },
});
