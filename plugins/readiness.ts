import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../api/clock.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readiness: ReadinessChecks
  }
}

/** What has to be well for the process to take requests. */
export interface ReadinessChecks {
  /**
   * Adds a check by its name, once. It says `ok`, or in a few words for everybody to read what is the matter; `ok, but …` where
   * that is no reason to take no requests. A check that takes longer than a second or throws is not ok; it is not asked again
   * while it still runs.
   */
  add(name: string, check: Check): void
  /** What every check says now, by its name. All are asked at the same time. */
  run(): Promise<Readonly<Record<string, string>>>
}

export type Check = () => Promise<string> | string

export interface ReadinessOptions {
  readonly clock: Clock
}

/** Collects the checks of all who have something that can be out of order. */
export const readiness = fp(
  async (app: FastifyInstance, { clock }: ReadinessOptions) => {
    const checks = new Map<string, () => Promise<string>>()

    app.decorate('readiness', {
      add(name, check) {
        if (checks.has(name)) throw new Error(`there is a check ${name} already`)
        checks.set(name, onceAtATime(name, check))
      },
      async run() {
        const said = [...checks].map(async ([name, check]): Promise<[string, string]> => [name, await inTime(check(), clock)])
        return Object.fromEntries(await Promise.all(said))
      },
    })

    // A process with a wrong configuration does not start.
    app.readiness.add('config', () => 'ok')
    app.readiness.add('process', () => (app.drain.isDraining ? 'draining' : 'ok'))

    /** Everybody may ask whether the process is ready, as often as they like. */
    function onceAtATime(name: string, check: Check): () => Promise<string> {
      let running: Promise<string> | undefined
      const run = async (): Promise<string> => {
        try {
          return await check()
        } catch (err) {
          app.log.warn({ err, check: name }, 'a check of readiness failed')
          return 'failed'
        } finally {
          running = undefined
        }
      }
      return () => {
        running ??= Promise.resolve().then(run)
        return running
      }
    }
  },
  { name: 'readiness', dependencies: ['lifetime'] },
)

/** Milliseconds: less than the patience of those who ask. */
const checkMs = 1000

function inTime(running: Promise<string>, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    const timer = clock.after(checkMs, () => resolve('no answer in time'))
    running.then((said) => {
      timer.cancel()
      resolve(said)
    })
  })
}
