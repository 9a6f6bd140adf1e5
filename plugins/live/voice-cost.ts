import { GatewayError } from '../../api/error.ts'
import type { SpeechUse } from '../../providers/catalogue/speech.ts'
import type { Amounts } from '../limits/amounts.ts'
import type { Reservation } from '../limits/index.ts'
import type { Metrics } from '../metrics/index.ts'
import type { Voice } from '../voice/index.ts'
import type { Served } from './served.ts'

/**
 * What hearing and speaking costs in a session, by the prices of those who did. Nobody knows beforehand how much somebody will say, so that it is
 * not reserved: what it came to counts against the limits of whoever asks once it is known, also where that is more than they may spend.
 */
export class SessionVoiceCost {
  readonly #parts: VoiceCostParts
  /** How much of what each model served is charged. */
  readonly #heard = new Map<string, number>()
  readonly #spoken = new Map<string, number>()
  #dollars: number | undefined = 0
  #isRefused = false
  #charged: Promise<void> = Promise.resolve()

  constructor(parts: VoiceCostParts) {
    this.#parts = parts
  }

  /** In US dollars, of all so far; undefined where some of it has no known price. */
  get dollars(): number | undefined {
    return this.#dollars
  }

  /** Told what was heard and spoken since the session began. Charges what is new of it; gives its price in US dollars, undefined where there is none. */
  spend(heard: readonly Served[], spoken: readonly Served[]): number | undefined {
    const prices = [
      ...this.#priced(heard, this.#heard, (secondsHeard) => ({ secondsHeard })),
      ...this.#priced(spoken, this.#spoken, (characters) => ({ characters, secondsSpoken: characters / charactersPerSecond })),
    ]
    this.#charge(prices.reduce<number>((sum, price) => sum + (price ?? 0), 0))
    const dollars = prices.reduce(plus, 0)
    this.#dollars = plus(this.#dollars, dollars)
    return dollars
  }

  /** Resolves once everything is charged, or could not be. */
  settled(): Promise<void> {
    return this.#charged
  }

  #priced(
    served: readonly Served[],
    charged: Map<string, number>,
    useOf: (amount: number) => SpeechUse,
  ): readonly (number | undefined)[] {
    const { costOf, metrics } = this.#parts
    return served.flatMap(({ model, provider, amount }) => {
      const more = amount - (charged.get(model) ?? 0)
      if (!(more > 0)) return []
      charged.set(model, amount)
      const dollars = costOf(model, useOf(more))
      if (dollars) metrics.usage(provider, { cost_usd: dollars })
      return [dollars]
    })
  }

  /** One after the other. */
  #charge(dollars: number): void {
    const nanodollars = Math.round(dollars * 1e9)
    if (nanodollars === 0) return
    const spent = (): Amounts => ({ tokens: 0, nanodollars })
    this.#charged = this.#charged.then(() => this.#take(spent)).catch(this.#parts.onError)
  }

  async #take(spent: () => Amounts): Promise<void> {
    const { reserve, onRefused } = this.#parts
    try {
      const reservation = await reserve(spent)
      reservation.settle(spent)
    } catch (error) {
      if (!(error instanceof GatewayError) || error.type !== 'rate_limit_error') throw error
      // It is more than may be spent, and spent it is.
      const reservation = await reserve(() => ({ tokens: 0, nanodollars: 0 }))
      reservation.settle(spent)
      if (this.#isRefused) return
      this.#isRefused = true
      onRefused(error)
    }
  }
}

export interface VoiceCostParts {
  readonly costOf: Voice['costOf']
  /** Takes so much of the limits of whoever asks, as `limits.sessions.reserve` does. */
  readonly reserve: (amounts: () => Amounts) => Promise<Reservation>
  readonly metrics: Pick<Metrics, 'usage'>
  /** They may spend no more. Told once. */
  readonly onRefused: (limit: GatewayError) => void
  /** It could not be charged. */
  readonly onError: (error: unknown) => void
}

function plus(sum: number | undefined, price: number | undefined): number | undefined {
  return sum === undefined || price === undefined ? undefined : sum + price
}

/** What people say in a second, where a voice is paid by the length of its sound. */
const charactersPerSecond = 15
