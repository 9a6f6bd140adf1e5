// Generated from api/json.ts by `npm run generate`. Do not edit.

import { isTooDeep } from './json-depth.gen.ts'

/** Reading JSON whose shape nobody vouches for. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parsed JSON, or undefined where the text is none, or is nested more deeply than can be written again. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The value where it is a list, else an empty one. */
export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value where it is a string, else an empty one. */
export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
