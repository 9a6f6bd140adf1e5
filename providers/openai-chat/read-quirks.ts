import { isRecord } from '../../api/json.ts'
import type { StopReason } from '../../api/schemas.gen.ts'
import { nearest } from '../../text/nearest.ts'
import type { StopReasons } from '../provider.ts'
import type { Quirks } from './quirks.ts'
import { reasoningFields } from './reasoning-blocks.ts'
import { efforts, reasoningStyleNames } from './reasoning-request.ts'
import { costFields } from './usage.ts'

/** Takes one mistake, for a person to read. */
export type Tell = (problem: string) => void

/** The quirks of a server: those of `base`, and over them what a configuration says. Every mistake is told with its path. */
export function readQuirks(value: unknown, base: Quirks, path: string, tell: Tell): Quirks {
  if (value === undefined || value === null) return base
  if (!isRecord(value)) {
    tell(`${path}: a mapping is expected, not ${said(value)}`)
    return base
  }
  let quirks = base
  for (const [name, member] of Object.entries(value)) {
    if (isQuirk(name)) quirks = withQuirk(quirks, name, member, `${path}.${name}`, tell)
    else tell(`${path}.${name} is not known${hint(name)}`)
  }
  return quirks
}

/** Every quirk with what it takes, in words, for the documentation. */
export function quirksInWords(): readonly { readonly name: string; readonly accepts: string }[] {
  return Object.entries(readers).map(([name, { accepts }]) => ({ name, accepts }))
}

const stopReasonNames = ['end_turn', 'max_tokens', 'tool_use', 'refusal', 'model_context_window_exceeded', 'error'] as const

interface Reader<Value> {
  readonly accepts: string
  /** Undefined where the value is wrong. */
  read(value: unknown): Value | undefined
}

const readers: { readonly [Name in keyof Quirks]: Reader<Quirks[Name]> } = {
  max_tokens_field: oneOf(['max_tokens', 'max_completion_tokens']),
  system_role: oneOf(['system', 'developer']),
  user_field: oneOf(['user', 'safety_identifier', 'none']),
  top_k: flag(),
  max_stop_sequences: {
    accepts: 'a whole number; 0 where there is no limit',
    read: (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined),
  },
  reasoning_request: oneOf(reasoningStyleNames),
  reasoning_efforts: {
    accepts: `a list of ${efforts.join(', ')}`,
    read: (value) => {
      const list = Array.isArray(value) ? value : []
      // In their own order, by which the nearest is found.
      return list.every((each) => efforts.some((effort) => effort === each)) && Array.isArray(value)
        ? efforts.filter((effort) => list.includes(effort))
        : undefined
    },
  },
  reasoning_field: oneOf(reasoningFields),
  think_tags: flag(),
  cache_control: flag(),
  tool_ids: oneOf(['any', 'openai', 'mistral']),
  tools: flag(),
  tool_choice: oneOf(['all', 'words', 'auto']),
  parallel_tool_calls: flag(),
  json_schema: flag(),
  images: flag(),
  files: oneOf(['none', 'file', 'file_or_url', 'document_url']),
  audio: flag(),
  video: flag(),
  prefill: oneOf(['none', 'plain', 'prefix']),
  asks_for_usage: flag(),
  always_done: flag(),
  reasoning_outside: flag(),
  cost: oneOf(['none', ...costFields]),
  stop_reasons: { accepts: `a mapping to ${stopReasonNames.join(', ')}`, read: readStopReasons },
}

function withQuirk<Name extends keyof Quirks>(quirks: Quirks, name: Name, value: unknown, path: string, tell: Tell): Quirks {
  const reader: Reader<Quirks[Name]> = readers[name]
  const read = reader.read(value)
  if (read === undefined) {
    tell(`${path}: ${reader.accepts} is expected, not ${said(value)}`)
    return quirks
  }
  return { ...quirks, [name]: read }
}

function isQuirk(name: string): name is keyof Quirks {
  return Object.hasOwn(readers, name)
}

function flag(): Reader<boolean> {
  return { accepts: 'true or false', read: (value) => (typeof value === 'boolean' ? value : undefined) }
}

function oneOf<const Value extends string>(values: readonly Value[]): Reader<Value> {
  return { accepts: `one of ${values.join(', ')}`, read: (value) => values.find((each) => each === value) }
}

function readStopReasons(value: unknown): StopReasons | undefined {
  if (!isRecord(value)) return undefined
  const reasons: Record<string, StopReason | 'error'> = {}
  for (const [own, meaning] of Object.entries(value)) {
    const canonical = stopReasonNames.find((each) => each === meaning)
    if (canonical === undefined) return undefined
    reasons[own] = canonical
  }
  return reasons
}

function hint(name: string): string {
  const near = nearest(name, Object.keys(readers))
  return near ? `; did you mean ${near}?` : ''
}

function said(value: unknown): string {
  return JSON.stringify(value).slice(0, 100)
}
