import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../api/clock.ts'
import type { Occasion } from '../../messages/occasion.ts'
import type { SessionTurnTrace } from '../../tracing/index.ts'
import type { LiveCaller } from '../caller.ts'

/** One turn of a session, for its log, its trace and the limits of who talks. */
export class TurnOccasion implements Occasion {
  readonly facts: Occasion['facts'] = {}
  readonly trace: SessionTurnTrace | undefined
  readonly metrics: Occasion['metrics']
  /** It arrives at once. */
  readonly receivingMs = 0
  readonly reserve: Occasion['reserve']
  readonly #caller: LiveCaller
  readonly #number: number
  readonly #clock: Clock
  readonly #beganAt: number

  constructor(
    { metrics, limits }: Pick<FastifyInstance, 'metrics' | 'limits'>,
    caller: LiveCaller,
    number: number,
    clock: Clock,
  ) {
    this.metrics = metrics
    this.trace = caller.trace?.turn(number)
    this.reserve = (_, amounts) => limits.sessions.reserve(caller.principal, amounts)
    this.#caller = caller
    this.#number = number
    this.#clock = clock
    this.#beganAt = clock.now()
  }

  get elapsedMs(): number {
    return this.#clock.now() - this.#beganAt
  }

  header(): void {
    // A session has no head to say it in.
  }

  /** The turn's line in the log, and the end of its trace. To be called once, when nothing of it runs any more. */
  end(): void {
    const { log } = this.#caller
    log.info({ turn: this.#number, duration_ms: Math.round(this.elapsedMs), ...this.facts }, 'turn')
    this.trace?.end()
  }
}
