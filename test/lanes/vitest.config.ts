import { defineConfig } from 'vitest/config';

// The long form has a time of its own (see head-parser.fuzz.test.ts).
export default defineConfig({
  ssr: { resolve: { conditions: ['@portlight/source', 'node'] } },
  test: { name: 'lanes', include: ['*.test.ts'], testTimeout: 60_000 },
});
