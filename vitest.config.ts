import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The SDK as it stands in its sources, as the compiler sees it.
  resolve: {
    alias: [{ find: /^@vai\/sdk$/, replacement: new URL('./sdk/typescript/index.ts', import.meta.url).pathname }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // The tests talk over real sockets and start processes, for which they wait a third of their time: three share two cores well, more do not.
    maxWorkers: 3,
  },
})
