// Generated from api/tool-input.ts by `npm run generate`. Do not edit.

import { countMembers, scanJson } from './json-text.gen.ts'
import { parsePartialJson } from './partial-json.gen.ts'
import { isRecord, parseJson } from './json.gen.ts'
import type { Warning } from './types.gen.ts'

/** The arguments of a tool call, in which a model may write anything. */

/**
 * The arguments from the text that a model wrote. What is no JSON object becomes as much of one as can be read, with the warning
 * `invalid_tool_input`; numbers that are rounded by being read come with `inexact_tool_input`.
 */
export function parseToolInput(text: string): { input: Record<string, unknown>; warning?: Warning } {
  const value = parseJson(text)
  if (isRecord(value)) {
    const { inexact, infinite, members, depth } = scanJson(text)
    if (depth > maxDepth) return { input: {}, warning: invalid('nested deeper than anything that is read') }
    if (members !== countMembers(value)) return { input: value, warning: invalid('in which a name stands twice in its object') }
    return inexact === undefined && infinite === undefined ? { input: value } : { input: value, warning: inexactToolInput }
  }
  // Not complete, or not JSON at all: read as far as it goes.
  const partial = parsePartialJson(text)
  const warning = { code: 'invalid_tool_input', message: `The model did not write a JSON object but: ${text.slice(0, 2000)}` }
  return { input: isRecord(partial) ? partial : {}, warning }
}

/** Deeper arguments could not be sent back with the conversation that they stand in. */
const maxDepth = 100

function invalid(what: string): Warning {
  return { code: 'invalid_tool_input', message: `The model wrote a JSON object ${what}.` }
}

/** Says that a number in the arguments is not the one that the model wrote. */
export const inexactToolInput: Warning = {
  code: 'inexact_tool_input',
  message: 'The model wrote a number with more digits than can be kept exactly, and digits were lost.',
}

/**
 * Whether arguments hold a number that may have been rounded, where the text that the model wrote is not at hand: an integer which
 * others are read as, too, or what is too large to be a number.
 */
export function mayBeInexact(value: unknown): boolean {
  if (typeof value === 'number') return Math.abs(value) > Number.MAX_SAFE_INTEGER
  return typeof value === 'object' && value !== null && Object.values(value).some(mayBeInexact)
}
