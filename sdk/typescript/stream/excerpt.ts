/** The beginning of what came, quoted, for an error that says what is wrong with it. */
export function excerptOf(text: string): string {
  return JSON.stringify(text.length > longest ? `${text.slice(0, longest)}…` : text)
}

const longest = 200
