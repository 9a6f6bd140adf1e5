import { isRecord } from '../../api/json.ts'
import { nearest } from '../../text/nearest.ts'
import { features } from '../capabilities.ts'

/** Says what is wrong with a value that stands at a path: `prices.input: a number is expected, not "3"`. */
export type Check = (value: unknown, path: string, tell: (problem: string) => void) => void

/** The members of an entry of the catalogue but for its id, with names of models that have no provider before them. */
export const checkEntry: Check = members({
  display_name: text,
  released: day,
  aliases: listOf(text),
  deprecation: members({ deprecated_on: day, retires_on: day, replacement: text }),
  context_window: count,
  max_output_tokens: count,
  default_max_tokens: count,
  capabilities: members(Object.fromEntries(features.map((feature) => [feature, support]))),
  prices: members(pricesMembers(), ['as_of', 'source']),
  later_prices: listOf(members({ from: day, ...pricesMembers() }, ['from', 'as_of', 'source'])),
  speech: members(
    { per_minute_heard: price, per_million_characters: price, per_minute_spoken: price, as_of: day, source: text },
    ['as_of', 'source'],
  ),
})

function pricesMembers(): Record<string, Check> {
  const byTokens = { input: price, output: price, cache_read: price, cache_write_5m: price, cache_write_1h: price }
  return {
    ...byTokens,
    reasoning: price,
    audio_input: price,
    audio_output: price,
    web_search: price,
    above: listOf(members({ input_tokens: count, ...byTokens }, ['input_tokens'])),
    as_of: day,
    source: text,
  }
}

// ── Kinds of values ─────────────────────────────────────────────────────────────────────────────────────────────────────

function text(value: unknown, path: string, tell: (problem: string) => void): void {
  if (typeof value !== 'string' || value.trim() === '') tell(`${path}: text is expected, not ${said(value)}`)
}

function day(value: unknown, path: string, tell: (problem: string) => void): void {
  if (!isDay(value)) tell(`${path}: a day as 2026-11-21 is expected, not ${said(value)}`)
}

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const time = Date.parse(`${value}T00:00:00Z`)
  // The thirtieth of February would be taken for a day of March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value)
}

function count(value: unknown, path: string, tell: (problem: string) => void): void {
  if (!Number.isSafeInteger(value) || Number(value) < 1)
    tell(`${path}: a whole number of at least 1 is expected, not ${said(value)}`)
}

function price(value: unknown, path: string, tell: (problem: string) => void): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    tell(`${path}: a number of US dollars, at least 0, is expected, not ${said(value)}`)
}

function support(value: unknown, path: string, tell: (problem: string) => void): void {
  if (value !== 'supported' && value !== 'unsupported' && value !== 'unknown')
    tell(`${path}: one of supported, unsupported, unknown is expected, not ${said(value)}`)
}

function listOf(check: Check): Check {
  return (value, path, tell) => {
    if (!Array.isArray(value)) tell(`${path}: a list is expected, not ${said(value)}`)
    else for (const [index, item] of value.entries()) check(item, `${path}[${index}]`, tell)
  }
}

/** A mapping. Members that are undefined have been left out; what is `required` may not be. */
function members(checks: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, path, tell) => {
    if (!isRecord(value)) {
      tell(`${path ? `${path}: ` : ''}a mapping is expected, not ${said(value)}`)
      return
    }
    const at = (name: string): string => (path ? `${path}.${name}` : name)
    for (const [name, member] of Object.entries(value)) {
      const check = Object.hasOwn(checks, name) ? checks[name] : undefined
      if (!check) tell(`${at(name)} is not known${hint(name, Object.keys(checks))}`)
      else if (member !== undefined) check(member, at(name), tell)
    }
    for (const name of required) if (value[name] === undefined) tell(`${at(name)} is missing`)
  }
}

function hint(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near ? `; did you mean ${near}?` : ''
}

function said(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 100)
}
