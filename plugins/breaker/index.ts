import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import type { LlmProvider } from '../../providers/provider.ts'
import { Circuit, type CircuitRule, type CircuitState, type Counts, isRefusal } from './circuit.ts'
import { outcomeOf } from './outcome.ts'

declare module 'fastify' {
  interface FastifyInstance {
    breaker: Breaker
  }
}

/** Spares callers the wait for a provider that is down, and the provider the calls: one circuit for each, shared by all callers. */
export interface Breaker {
  /** Before each call. Throws `provider_unavailable` while the provider is left alone. */
  enter(provider: Called, baseURL: URL | undefined): Admission
  /** The circuits of the providers that were called so far, for those who watch. */
  circuits(): readonly CircuitView[]
}

/** Whoever is called: its circuit goes by its id. */
export type Called = Pick<LlmProvider, 'id' | 'name'>

/** One call that may be made. */
export interface Admission {
  /** To be told once the provider has begun to answer for good. */
  succeeded(): void
  /** To be told how the call failed, also where that was after it had succeeded. */
  failed(error: unknown): void
}

/** `calls` and `failures` are those of the window; 0 unless the state is `closed`. */
export interface CircuitView extends Counts {
  readonly provider: string
  readonly origin: string
  readonly state: CircuitState
}

export interface BreakerOptions {
  /** Absent where providers are always called. */
  readonly rule: CircuitRule | undefined
  readonly clock: Clock
}

export const breaker = fp(
  async (app: FastifyInstance, { rule, clock }: BreakerOptions) => {
    // Providers and their origins come from the operator, so that there are never many.
    const circuits = new Map<string, Known>()

    app.decorate('breaker', {
      enter(provider, baseURL) {
        if (!rule || !baseURL) return free
        const { circuit } = knownFor(provider.id, baseURL.origin, rule)
        const pass = circuit.enter(clock.now())
        if (isRefusal(pass)) throw unavailable(provider, pass.waitMs)
        return {
          succeeded: () => circuit.settle(pass, 'success', clock.now()),
          failed: (error) => circuit.settle(pass, outcomeOf(error), clock.now()),
        }
      },
      circuits: () =>
        [...circuits.values()].map(({ provider, origin, circuit }) => ({
          provider,
          origin,
          state: circuit.state,
          ...circuit.counts(clock.now()),
        })),
    })

    function knownFor(provider: string, origin: string, rule: CircuitRule): Known {
      const name = `${provider} ${origin}`
      const known = circuits.get(name) ?? { provider, origin, circuit: circuitFor(provider, origin, rule) }
      circuits.set(name, known)
      return known
    }

    function circuitFor(provider: string, origin: string, rule: CircuitRule): Circuit {
      app.metrics.breakerState(provider, 'closed')
      return new Circuit(rule, ({ from, to, calls, failures }) => {
        app.metrics.breakerState(provider, to)
        const fields = { provider, origin, from, to }
        if (from === 'closed') app.log.warn({ ...fields, calls, failures }, 'the provider fails too often and is left alone')
        else if (to === 'open') app.log.warn(fields, 'the provider still fails')
        else if (to === 'half-open') app.log.info(fields, 'the provider is tried again')
        else app.log.info(fields, 'the provider answers again')
      })
    }
  },
  { name: 'breaker', dependencies: ['metrics'] },
)

interface Known {
  readonly provider: string
  readonly origin: string
  readonly circuit: Circuit
}

const free: Admission = { succeeded: () => undefined, failed: () => undefined }

function unavailable({ id, name }: Called, waitMs: number): GatewayError {
  const message = `${name} has failed too often of late; it is left alone for a moment.`
  return new GatewayError('provider_unavailable', {
    message,
    retryAfter: Math.ceil(waitMs / 1000),
    providerError: { provider: id },
  })
}
