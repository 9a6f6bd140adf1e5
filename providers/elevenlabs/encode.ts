import type { SpeechFormat, SttOptions, TtsOptions } from '../speech.ts'
import { speakingCapabilities, takesLanguageCode } from './capabilities.ts'
import { languageCode } from './language.ts'

// ── Whole texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Where a whole text is spoken, as sound alone or with the times of its characters. */
export function speechPath({ voice, format, alignment }: TtsOptions): string {
  const path = `${voicePath(voice)}/stream${alignment ? '/with-timestamps' : ''}`
  return `${path}?output_format=${outputFormat(format)}`
}

export function speechBody(text: string, options: TtsOptions, model: string): object {
  const code = codeFor(options.language, model)
  return {
    text,
    model_id: model,
    ...(code !== undefined && { language_code: code }),
    ...(options.speed !== undefined && speakingCapabilities(model).speed && { voice_settings: { speed: options.speed } }),
  }
}

function voicePath(voice: string): string {
  return `/v1/text-to-speech/${encodeURIComponent(voice)}`
}

function outputFormat(format: SpeechFormat): string {
  switch (format.encoding) {
    case 'pcm':
      return `pcm_${format.rate}`
    case 'mulaw':
      return 'ulaw_8000'
    case 'mp3':
      return 'mp3_44100_128'
    case 'opus':
      return 'opus_48000_64'
  }
}

function codeFor(language: string | undefined, model: string): string | undefined {
  return language !== undefined && takesLanguageCode(model) ? languageCode(language) : undefined
}

// ── Texts that are still being written ──────────────────────────────────────────────────────────────────────────────────

export function socketPath(voice: string): string {
  return `${voicePath(voice)}/multi-stream-input`
}

/** Seconds without a message after which the vendor gives a context up. */
export const inactivitySeconds = 60

export function socketQuery(
  options: TtsOptions,
  model: string,
  patience: number = inactivitySeconds,
): readonly (readonly [string, string])[] {
  const code = codeFor(options.language, model)
  return [
    ['model_id', model],
    ['output_format', outputFormat(options.format)],
    ...(code === undefined ? [] : [['language_code', code] as const]),
    ['inactivity_timeout', String(patience)],
    // Also where nobody wants times: they tell which text the sound is of.
    ['sync_alignment', 'true'],
  ]
}

/** The first message of a context, and the only one that may have settings. */
export function openContext(context: string, { speed }: TtsOptions): string {
  return JSON.stringify({ text: ' ', context_id: context, ...(speed !== undefined && { voice_settings: { speed } }) })
}

export function sayText(context: string, text: string): string {
  return JSON.stringify({ text, context_id: context })
}

/** All text so far is to be spoken, and this with it. */
export function flushContext(context: string, text: string): string {
  return JSON.stringify({ ...(text !== '' && { text }), context_id: context, flush: true })
}

export function keepContext(context: string): string {
  return JSON.stringify({ text: '', context_id: context })
}

export function closeContext(context: string): string {
  return JSON.stringify({ context_id: context, close_context: true })
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The fields of a form beside the file. */
export function hearingFields({ language, hints }: SttOptions, model: string): readonly { name: string; value: string }[] {
  const code = language === undefined ? undefined : languageCode(language)
  return [
    { name: 'model_id', value: model },
    ...(code === undefined ? [] : [{ name: 'language_code', value: code }]),
    // Laughter and the like would stand in the text in brackets.
    { name: 'tag_audio_events', value: 'false' },
    { name: 'timestamps_granularity', value: 'word' },
    ...hints.map((hint) => ({ name: 'keyterms', value: hint })),
  ]
}
