/** A file of keys as it was parsed, or what is wrong with its text; never a piece of the text itself. */
export type Parsed = { readonly document: unknown } | { readonly problem: string }

/** Parses YAML, which JSON is too. */
export async function parseKeys(text: string): Promise<Parsed> {
  // Few have a file; the others need not wait for the parser.
  const { parseDocument } = await import('yaml')
  const parsed = parseDocument(text)
  const error = parsed.errors[0] ?? parsed.warnings[0]
  if (error) {
    const [start] = error.linePos ?? []
    return { problem: `${start ? `line ${start.line}, column ${start.col}: ` : ''}not valid as YAML or JSON (${error.code})` }
  }
  try {
    const document: unknown = parsed.toJS()
    // A file in the middle of being written is empty for a moment, and is not to turn everybody away.
    return document === null ? { problem: 'is empty; where there are no keys it says `keys: []`' } : { document }
  } catch {
    return { problem: 'not valid as YAML: an alias has no anchor, or there are too many of them' }
  }
}
