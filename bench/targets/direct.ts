import { testKeys } from '../control.ts'
import type { Dialect } from '../requests.ts'
import type { Lane, Target } from './target.ts'

/** The client straight to the mock upstream: what the benchmark itself costs and can do. */
export const direct: Target = {
  name: 'direct',
  lanes: [{ ...plainLane('openai'), name: 'direct openai' }],
  start: ({ upstreamOrigin }) => Promise.resolve({ origin: upstreamOrigin, server: undefined }),
}

/** The upstream's own API with its own key, nothing changed on the way. */
export function plainLane(dialect: Dialect): Omit<Lane, 'name'> {
  const headers = keyHeaders(dialect)
  const path = dialect === 'openai' ? '/v1/chat/completions' : '/v1/messages'
  return { dialect, upstream: dialect, path, headers: () => headers, modelPrefix: '', verbatim: { request: true, answer: true } }
}

function keyHeaders(dialect: Dialect): Readonly<Record<string, string>> {
  return dialect === 'openai'
    ? { authorization: `Bearer ${testKeys.openai}` }
    : { 'x-api-key': testKeys.anthropic, 'anthropic-version': '2023-06-01' }
}
