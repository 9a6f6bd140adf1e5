import { defineConfig } from 'vitest/config'

/** What cannot share a process: packages of vendors that call Node's own `fetch`, which `undici` changes where it was loaded before. */
const alone = ['test/upstreams/deepgram.test.ts']

export default defineConfig({
  // The SDK as it stands in its sources, as the compiler sees it.
  resolve: {
    alias: [{ find: /^@vai\/sdk$/, replacement: new URL('./sdk/typescript/index.ts', import.meta.url).pathname }],
  },
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    unstubGlobals: true,
    // The tests talk over real sockets and start processes, for which they wait a third of their time: three share two cores well, more do not.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          // Loading the gateway anew for each file would take longer than the tests do.
          isolate: false,
          setupFiles: ['test/each-file.ts'],
        },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
})
