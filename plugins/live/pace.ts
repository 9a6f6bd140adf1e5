/** A sentence whose sound is over. */
export interface SaidSentence {
  readonly text: string
  readonly lengthMs: number
}

/**
 * How long a sentence may take whose length is not known yet, in milliseconds: as slowly as voices speak, and as the slowest of those before
 * it. It is rather too long, so that less of it counts as heard than was.
 */
export function supposedMs(text: string, before: readonly SaidSentence[]): number {
  const slowest = before.reduce((most, said) => Math.max(most, said.lengthMs / slowMs(said.text)), 1)
  return leastMs + slowMs(text) * slowest
}

function slowMs(text: string): number {
  let ms = 0
  for (const character of text) ms += long.test(character) ? longMs : shortMs
  return Math.max(shortMs, ms)
}

/** The silence around it. */
const leastMs = 500
/** A letter, and a sign that is read as a syllable or as a word. */
const shortMs = 100
const longMs = 400
const long =
  /[\p{N}\p{Sc}\p{Sm}%&@#§°\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u
