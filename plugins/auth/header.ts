import type { IncomingHttpHeaders } from 'node:http'
import { keyPrefix } from './key.ts'

export interface SentKeys {
  /** The words that have the beginning of a key of the gateway, without repeats. */
  readonly keys: readonly string[]
  /** The header that holds a word without it: SDKs always send one. */
  readonly foreign: string | undefined
}

/** The keys in `Authorization: Bearer` and `x-api-key`. */
export function keysSent({ authorization, 'x-api-key': apiKey }: IncomingHttpHeaders): SentKeys {
  const sent: [header: string, word: string][] = []
  const bearer = authorization === undefined ? undefined : /^bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (bearer !== undefined) sent.push(['Authorization', bearer])
  if (typeof apiKey === 'string' && apiKey !== '') sent.push(['x-api-key', apiKey])
  const isOwn = ([, word]: [string, string]): boolean => word.startsWith(keyPrefix)
  return {
    keys: [...new Set(sent.filter(isOwn).map(([, word]) => word))],
    foreign: sent.find((each) => !isOwn(each))?.[0],
  }
}
