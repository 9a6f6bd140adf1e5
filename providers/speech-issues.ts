import type { Range, SpeechFormat, SpeechIssue, TtsCapabilities } from './speech.ts'

/**
 * What is wrong with what a caller asks for, as far as it follows from what a vendor is known to do. `subject` is who cannot do it, a vendor or
 * a model, at the beginning of a sentence.
 */

/** The code is of the field itself. */
export function unsupported(field: 'format' | 'language' | 'speed' | 'volume' | 'emotion', message: string): SpeechIssue {
  return { field, code: `unsupported_${field}`, message }
}

export function formatIssues(
  subject: string,
  format: SpeechFormat,
  makes: Pick<TtsCapabilities, 'pcmRates' | 'mulaw' | 'mp3' | 'opus'>,
): SpeechIssue[] {
  if (format.encoding === 'pcm' ? makes.pcmRates.includes(format.rate) : makes[format.encoding]) return []
  const others = (['mulaw', 'mp3', 'opus'] as const).filter((encoding) => makes[encoding]).map((encoding) => names[encoding])
  const asked = format.encoding === 'pcm' ? `PCM at ${format.rate} Hz` : names[format.encoding]
  const made = listed([`PCM at ${makes.pcmRates.join(', ')} Hz`, ...others])
  return [unsupported('format', `${subject} makes ${made}, not ${asked}.`)]
}

const names = { mulaw: 'µ-law', mp3: 'MP3', opus: 'Opus' } as const

/** What is usual anyway takes effect everywhere. */
export function rangeIssues(
  subject: string,
  field: 'speed' | 'volume',
  value: number | undefined,
  range: Range | undefined,
): SpeechIssue[] {
  if (value === undefined || (!range && value === 1)) return []
  if (!range) return [unsupported(field, `${subject} has no ${field} to choose from; leave it out.`)]
  if (value >= range.least && value <= range.most) return []
  return [unsupported(field, `${subject} has a ${field} from ${range.least} to ${range.most}, where 1 is usual, not ${value}.`)]
}

/** `code` is how the vendor calls the language; undefined where it has no name for it. */
export function languageIssues(
  subject: string,
  language: string | undefined,
  known: readonly string[] | undefined,
  code: string | undefined,
): SpeechIssue[] {
  if (language === undefined || known === undefined || (code !== undefined && known.includes(code))) return []
  if (known.length === 0) {
    return [unsupported('language', `${subject} goes by the language of the text, and cannot be told one; leave it out.`)]
  }
  return [unsupported('language', `${subject} has no ${quoted(language)}; it has ${listed(known)}.`)]
}

/** An emotion that is free text is left to whoever takes it. */
export function emotionIssues(subject: string, emotion: string | undefined, known: TtsCapabilities['emotions']): SpeechIssue[] {
  if (emotion === undefined || known === 'any' || known?.includes(emotion)) return []
  if (!known) return [unsupported('emotion', `${subject} has no emotions to choose from; leave it out.`)]
  return [unsupported('emotion', `${subject} has no emotion ${quoted(emotion)}; it has ${listed(known)}.`)]
}

/** `a, b and c`. */
export function listed(items: readonly (string | number)[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** What a caller wrote, as far as it is worth showing. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
