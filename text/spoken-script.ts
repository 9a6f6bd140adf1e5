/** The language whose words are said among letters of a script: `other` has none, and symbols stay as they are. */
export type ScriptLanguage = 'en' | 'hi' | 'other'

/** What the last letter of a text says; undefined where it has none. */
export function lastScript(text: string): ScriptLanguage | undefined {
  for (let at = text.length - 1; at >= 0; at--) {
    const isPair = isLow(text.charCodeAt(at)) && at > 0
    if (isPair) at--
    const script = scriptOf(text, at)
    if (script !== undefined) return script
  }
  return undefined
}

/** What the first letter says that stands from `from` on before `limit`, in the same line. */
export function scriptAfter(text: string, from: number, limit: number): ScriptLanguage | undefined {
  for (let at = from; at < limit && at < text.length; at++) {
    if (text.charCodeAt(at) === 0x0a) return undefined
    const script = scriptOf(text, at)
    if (script !== undefined) return script
  }
  return undefined
}

function scriptOf(text: string, at: number): ScriptLanguage | undefined {
  const code = text.charCodeAt(at)
  if (code < 0x80) return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a ? 'en' : undefined
  // The danda and digits of this block are no less Devanagari than its letters.
  if (code >= 0x900 && code <= 0x97f) return 'hi'
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  if (!letter.test(character)) return undefined
  return latin.test(character) ? 'en' : 'other'
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}

const letter = /\p{L}/u
const latin = /\p{Script=Latin}/u
