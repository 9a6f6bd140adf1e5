import { isRecord } from './json.ts'
import type { Usage } from './schemas.gen.ts'

/**
 * The usage of several answers together: numbers add up, within objects too, and lists follow one another. What is not a number, such
 * as the tier that served an answer, is the last one's.
 *
 * A total that one of them does not know is not known: the cost is absent where one answer has no known price.
 */
export function sumOf(usages: readonly Usage[]): Usage {
  const sum = usages.reduce<Record<string, unknown>>((soFar, usage) => added(soFar, { ...usage }), {})
  for (const total of totals) if (usages.some((usage) => usage[total] === undefined)) delete sum[total]
  return sum
}

/** The usage of an answer that broke off: what it would have come to is not known, nor what it costs. */
export function withoutTotals({ total_tokens: _, cost_usd: __, ...known }: Usage): Usage {
  return known
}

const totals = ['total_tokens', 'cost_usd'] as const

function added(sum: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = { ...sum }
  for (const [key, value] of Object.entries(more)) result[key] = together(result[key], value)
  return result
}

function together(one: unknown, other: unknown): unknown {
  if (typeof one === 'number' && typeof other === 'number') return exact(one + other)
  if (isRecord(one) && isRecord(other)) return added(one, other)
  if (Array.isArray(one) && Array.isArray(other)) return [...one, ...other]
  return other ?? one
}

/** Prices have no more than ten digits behind the point; what adding them up leaves beyond is noise. */
function exact(sum: number): number {
  return Number.isInteger(sum) ? sum : Math.round(sum * 1e10) / 1e10
}
