/** What a vendor asks for hearing or speaking, in US dollars, as listed for everybody. A price that is not known is absent. */
export interface SpeechPrices {
  /** A minute of sound that is heard. */
  readonly per_minute_heard?: number
  /** A million characters of text that are spoken. */
  readonly per_million_characters?: number
  /** A minute of sound that is made. */
  readonly per_minute_spoken?: number
  /** The day on which they were looked up, `2026-11-21`. */
  readonly as_of: string
  /** Where they were looked up. */
  readonly source: string
}

/** What was used of a vendor. What is not known is absent, or undefined. */
export interface SpeechUse {
  readonly secondsHeard?: number | undefined
  readonly characters?: number | undefined
  readonly secondsSpoken?: number | undefined
}

/**
 * What that costs, in US dollars to ten places; undefined where anything that was used has no known price. Speaking costs what its
 * characters cost or what its sound costs, whichever has a price, and both where both have one.
 */
export function speechCost(prices: SpeechPrices | undefined, use: SpeechUse): number | undefined {
  if (prices === undefined) return undefined
  const parts: (number | undefined)[] = []
  if (use.secondsHeard !== undefined) parts.push(part(use.secondsHeard, prices.per_minute_heard, 60))
  if (use.characters !== undefined || use.secondsSpoken !== undefined) parts.push(spokenCost(prices, use))
  let dollars = 0
  for (const each of parts) {
    if (each === undefined) return undefined
    dollars += each
  }
  return Math.round(dollars * 1e10) / 1e10
}

function spokenCost(
  { per_million_characters: text, per_minute_spoken: sound }: SpeechPrices,
  use: SpeechUse,
): number | undefined {
  const byText = part(use.characters, text, 1_000_000)
  const bySound = part(use.secondsSpoken, sound, 60)
  if (text === undefined) return bySound
  if (sound === undefined) return byText
  return byText === undefined || bySound === undefined ? undefined : byText + bySound
}

function part(amount: number | undefined, price: number | undefined, unit: number): number | undefined {
  if (amount === undefined || price === undefined || !(amount >= 0)) return undefined
  return (amount * price) / unit
}
