import { keyPrefix } from './key.ts'

export interface SentKeys {
  /** The words that have the beginning of a key of the gateway, without repeats. */
  readonly keys: readonly string[]
  /** The header that holds a word without it: SDKs always send one. */
  readonly foreign: string | undefined
}

/**
 * The keys in `Authorization: Bearer` and `x-api-key`, among a request's headers as they came: names and values in turn. Node's own
 * view keeps the first `Authorization` alone and joins what is said twice in others.
 */
export function keysSent(rawHeaders: readonly string[]): SentKeys {
  const keys = new Set<string>()
  let foreign: string | undefined
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [header, word] = wordIn(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
    if (word === '') continue
    if (word.startsWith(keyPrefix)) keys.add(word)
    else foreign ??= header
  }
  return { keys: [...keys], foreign }
}

/** The word of a header that may hold a key, and the header's name as people are told of it. */
function wordIn(name: string, value: string): readonly [header: string, word: string] {
  switch (name.toLowerCase()) {
    case 'authorization':
      return ['Authorization', /^bearer +(\S+) *$/i.exec(value)?.[1] ?? '']
    case 'x-api-key':
      return ['x-api-key', value]
    default:
      return ['', '']
  }
}
