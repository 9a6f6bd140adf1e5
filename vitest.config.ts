import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    // The tests talk over real sockets and watch timing; more workers than cores only makes them wait for each other.
    maxWorkers: 2,
  },
})
