import { nearest } from '../text/nearest.ts'

/** Whether a model may be used and seen, by its full id. */
export type ModelPolicy = (id: string) => boolean

/** All that any of the patterns fits; everything, where there are none. In a pattern `*` stands for any characters, also none. */
export function policyOf(patterns: readonly string[]): ModelPolicy {
  if (patterns.length === 0) return () => true
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const open = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'))
  return (id) => exact.has(id) || open.some((parts) => fits(id, parts))
}

/** Whether a text is a pattern: a model as `provider/name`, in which `*` may stand. */
export function isPattern(text: string): boolean {
  return text === '*' || /^[\x21-\x2b\x2d-\x7e]+\/[\x21-\x2b\x2d-\x7e]+$/.test(text)
}

/** What is wrong with a pattern whose provider there is not: it would allow nothing, without a word. */
export function patternProblem(pattern: string, providers: readonly string[]): string | undefined {
  const provider = pattern.split('/')[0] ?? ''
  return provider.includes('*') ? undefined : providerProblem(provider, providers)
}

/** What is wrong with the name of a provider, where there is no such. */
export function providerProblem(provider: string, providers: readonly string[]): string | undefined {
  if (providers.includes(provider)) return undefined
  const near = nearest(provider, providers)
  return `there is no provider ${provider}${near ? `; did you mean ${near}?` : ''}`
}

/** Whether an id has the parts of a pattern one after the other, the first at its beginning and the last at its end. */
function fits(id: string, [first = '', ...rest]: readonly string[]): boolean {
  const last = rest.at(-1) ?? ''
  if (!id.startsWith(first)) return false
  let at = first.length
  for (const part of rest.slice(0, -1)) {
    const found = id.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return id.length - last.length >= at && id.endsWith(last)
}
