import type { Amounts } from '../limits/amounts.ts'
import type { Reservation } from '../limits/index.ts'
import type { Metrics } from '../metrics/index.ts'
import type { Voice } from '../voice/index.ts'
import type { LivePlan } from './plan.ts'

/**
 * What hearing and speaking costs in a session. Nobody knows beforehand how much somebody will say, so that it is not reserved: what it came to
 * counts against the limits of whoever asks once it is known, and holds up what is asked after that.
 */
export class SessionVoiceCost {
  readonly #parts: VoiceCostParts
  #voices: VoicesInUse
  #secondsHeard = 0
  #charactersSpoken = 0
  #dollars: number | undefined = 0
  #charged: Promise<void> = Promise.resolve()

  constructor(voices: VoicesInUse, parts: VoiceCostParts) {
    this.#voices = voices
    this.#parts = parts
  }

  /** In US dollars, of all so far; undefined where some of it has no known price. */
  get dollars(): number | undefined {
    return this.#dollars
  }

  /** Told how much was heard and spoken since the session began. Charges what is new of it; gives its price in US dollars, undefined where there is none. */
  spend(secondsHeard: number, charactersSpoken: number): number | undefined {
    const seconds = Math.max(0, secondsHeard - this.#secondsHeard)
    const characters = Math.max(0, charactersSpoken - this.#charactersSpoken)
    this.#secondsHeard += seconds
    this.#charactersSpoken += characters
    const heard = seconds > 0 ? this.#priceHeard(seconds) : 0
    const spoken = characters > 0 ? this.#priceSpoken(characters) : 0
    this.#charge((heard ?? 0) + (spoken ?? 0))
    const dollars = heard === undefined || spoken === undefined ? undefined : heard + spoken
    this.#dollars = dollars === undefined || this.#dollars === undefined ? undefined : this.#dollars + dollars
    return dollars
  }

  /** Others hear and speak from now on. What was heard and spoken until now is to be told before. */
  change(voices: VoicesInUse): void {
    this.#voices = voices
  }

  /** Resolves once everything is charged, or could not be. */
  settled(): Promise<void> {
    return this.#charged
  }

  #priceHeard(secondsHeard: number): number | undefined {
    const { hearing } = this.#voices
    if (!hearing) return 0
    const { id, provider } = hearing.model
    return this.#counted(provider.id, this.#parts.costOf(id, { secondsHeard }))
  }

  #priceSpoken(characters: number): number | undefined {
    const { id, provider } = this.#voices.speaking.voice
    const use = { characters, secondsSpoken: characters / charactersPerSecond }
    return this.#counted(provider.id, this.#parts.costOf(id, use))
  }

  #counted(provider: string, dollars: number | undefined): number | undefined {
    if (dollars) this.#parts.metrics.usage(provider, { cost_usd: dollars })
    return dollars
  }

  /** One after the other. The store decides nothing of it: nothing is asked for, and what was spent is told. */
  #charge(dollars: number): void {
    const nanodollars = Math.round(dollars * 1e9)
    if (nanodollars === 0) return
    const { reserve, onError } = this.#parts
    const charge = async (): Promise<void> => {
      const reservation = await reserve(() => ({ tokens: 0, nanodollars: 0 }))
      reservation.settle(() => ({ tokens: 0, nanodollars }))
    }
    this.#charged = this.#charged.then(charge).catch(onError)
  }
}

/** Who hears and who speaks. */
export type VoicesInUse = Pick<LivePlan, 'hearing' | 'speaking'>

export interface VoiceCostParts {
  readonly costOf: Voice['costOf']
  /** Takes so much of the limits of whoever asks, as `limits.sessions.reserve` does. */
  readonly reserve: (amounts: () => Amounts) => Promise<Reservation>
  readonly metrics: Pick<Metrics, 'usage'>
  /** It could not be charged. */
  readonly onError: (error: unknown) => void
}

/** What people say in a second, where a voice is paid by the length of its sound. */
const charactersPerSecond = 15
