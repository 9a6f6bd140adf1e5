import { parseDocument } from 'yaml'
import type { Parsed } from './parse.ts'

/** Parses YAML, which JSON is too. */
export function parseYaml(text: string): Parsed {
  const parsed = parseDocument(text)
  const error = parsed.errors[0] ?? parsed.warnings[0]
  if (error) {
    const [start] = error.linePos ?? []
    return { problem: `${start ? `line ${start.line}, column ${start.col}: ` : ''}not valid as YAML or JSON (${error.code})` }
  }
  try {
    return { document: parsed.toJS() }
  } catch {
    return { problem: 'not valid as YAML: an alias has no anchor, or there are too many of them' }
  }
}
