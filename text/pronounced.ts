/** Whether a text has anything that can be said: letters, digits, and signs that have names. */
export function isPronounced(text: string): boolean {
  return /[\p{L}\p{N}\p{Sc}\p{Sm}%&@#§°]/u.test(text)
}

/** Whether there has to be sound of it: some voices pass over signs, also those that have names, and have not failed then. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text)
}
