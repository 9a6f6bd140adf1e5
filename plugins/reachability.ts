import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../api/clock.ts'
import type { LlmProvider } from '../providers/provider.ts'

declare module 'fastify' {
  interface FastifyInstance {
    reachability: Reachability
  }
}

/** Whether the providers are there, for operators who want to know. */
export interface Reachability {
  /**
   * Asks each provider for its base URL, without a key, all at the same time: `ok` where it answers anything at all, else what is the
   * matter. Providers are asked at most every five seconds.
   */
  check(): Promise<Readonly<Record<string, string>>>
}

export interface ReachabilityOptions {
  /** Those that are asked if the gateway has a key for them. */
  readonly providers: readonly LlmProvider[]
  /** Those of them that are asked in any case. */
  readonly own: readonly LlmProvider[]
  readonly baseURLs: ReadonlyMap<string, URL>
  readonly clock: Clock
}

export const reachability = fp(
  async (app: FastifyInstance, { providers, own, baseURLs, clock }: ReachabilityOptions) => {
    let last: { readonly at: number; readonly found: Promise<Readonly<Record<string, string>>> } | undefined

    app.decorate('reachability', {
      check() {
        if (!last || clock.now() - last.at >= keptMs) last = { at: clock.now(), found: askAll() }
        return last.found
      },
    })

    async function askAll(): Promise<Readonly<Record<string, string>>> {
      const asked = providers.filter((provider) => own.includes(provider) || app.credentials.hasOperatorKey(provider))
      const found = asked.map(async ({ id }): Promise<[string, string]> => [id, await ask(baseURLs.get(id))])
      return Object.fromEntries(await Promise.all(found))
    }

    async function ask(url: URL | undefined): Promise<string> {
      // One that is part of the gateway is always there.
      if (!url) return 'ok'
      const controller = new AbortController()
      const timer = clock.after(answerMs, () => controller.abort())
      try {
        const { origin, pathname } = url
        const options = { origin, path: pathname, method: 'GET', signal: controller.signal } as const
        const { body } = await app.egress.operator.request(options)
        // What it says is of no interest, and may have no end.
        body.on('error', () => undefined).destroy()
        return 'ok'
      } catch (err) {
        app.log.debug({ err, origin: url.origin }, 'a provider cannot be reached')
        return controller.signal.aborted ? 'no answer in time' : 'unreachable'
      } finally {
        timer.cancel()
      }
    }
  },
  { name: 'reachability', dependencies: ['egress', 'credentials'] },
)

/** How long an answer is waited for, in milliseconds. */
const answerMs = 2000
/** How long what was found is good for, in milliseconds. */
const keptMs = 5000
