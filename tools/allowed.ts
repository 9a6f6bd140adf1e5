import { policyOf } from '../providers/model-policy.ts'
import { nearest } from '../text/nearest.ts'

/** Which tools somebody may use: names, in which `*` stands for any characters. `none` is the name of no tool. */

/** The check that such a list is; everything may be used where it is empty. */
export const toolPolicyOf: (patterns: readonly string[]) => (name: string) => boolean = policyOf

/** Whether a text is the name of a tool, in which `*` may stand. */
export function isToolPattern(text: string): boolean {
  return /^[A-Za-z0-9_*-]{1,64}$/.test(text)
}

/** What is wrong with a pattern that names a tool which there is not: it would allow nothing, without a word. */
export function toolPatternProblem(pattern: string, names: readonly string[]): string | undefined {
  if (pattern.includes('*') || pattern === 'none' || names.includes(pattern)) return undefined
  const near = nearest(pattern, names)
  return `there is no tool ${pattern}${near ? `; did you mean ${near}?` : ''}`
}
