import type { Mask } from '../mask.ts'

/** The beginning of what came, quoted, for an error that says what is wrong with it. */
export function excerptOf(text: string, mask: Mask): string {
  const shown = mask(text)
  return JSON.stringify(shown.length > longest ? `${shown.slice(0, longest)}…` : shown)
}

const longest = 200
