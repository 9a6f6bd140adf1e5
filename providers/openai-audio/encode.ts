import type { AudioKind } from '../../audio/sniff.ts'
import type { FormPart } from '../multipart.ts'
import type { AudioFile, SpeechFormat, SttOptions, TtsOptions } from '../speech.ts'
import type { HearingDialect, HearingTraits, SpeakingDialect } from './dialect.ts'
import { languageCode, languageName } from './languages.ts'

/** The form by which a whole file is heard. */
export function transcriptionForm(file: AudioFile, options: SttOptions, model: string, { traits }: HearingDialect): FormPart[] {
  const known = traits(model)
  return [
    // Kinds are told apart by the end of the name.
    { name: 'file', value: { filename: `audio.${endings[file.kind]}`, mediaType: file.mediaType, bytes: file.bytes } },
    { name: 'model', value: model },
    ...formatParts(known),
    ...(options.language === undefined ? [] : languageParts(options.language, known)),
    ...hintParts(options.hints, known),
  ]
}

const endings: Readonly<Record<AudioKind, string>> = {
  wav: 'wav',
  mp3: 'mp3',
  flac: 'flac',
  ogg: 'ogg',
  webm: 'webm',
  mp4: 'm4a',
  aac: 'aac',
  aiff: 'aiff',
  amr: 'amr',
}

function formatParts({ files }: HearingTraits): FormPart[] {
  if (files === 'words') {
    return [
      { name: 'response_format', value: 'verbose_json' },
      { name: 'timestamp_granularities[]', value: 'word' },
    ]
  }
  const format = { name: 'response_format', value: 'json' }
  // A long file is heard for minutes, in which only a stream shows that somebody is there.
  if (files === 'streamed') return [format, { name: 'stream', value: 'true' }]
  return files === 'cut' ? [format, { name: 'chunking_strategy', value: 'auto' }] : [format]
}

function languageParts(language: string, { language: form }: HearingTraits): FormPart[] {
  return [{ name: form === 'list' ? 'languages[]' : 'language', value: languageCode(language) }]
}

function hintParts(hints: readonly string[], { hints: form }: HearingTraits): FormPart[] {
  const words = hintsOf(hints)
  if (words.length === 0 || form === 'none') return []
  if (form === 'keywords') return words.map((value) => ({ name: 'keywords[]', value }))
  return [{ name: 'prompt', value: words.join(', ') }]
}

/** Hints on one line each; brackets are marks to the models that take keywords. */
export function hintsOf(hints: readonly string[]): readonly string[] {
  return hints.map((hint) => hint.replace(/[<>\s]+/g, ' ').trim()).filter((hint) => hint !== '')
}

/** What a socket is told of the sound to come, as `transcription` of a session. */
export function transcriptionSession(model: string, options: SttOptions, { language, hints }: HearingTraits): object {
  const words = hintsOf(options.hints)
  const code = options.language === undefined ? undefined : languageCode(options.language)
  return {
    model,
    ...(code !== undefined && (language === 'list' ? { languages: [code] } : { language: code })),
    ...(words.length > 0 && hints === 'prompt' && { prompt: words.join(', ') }),
    ...(words.length > 0 && hints === 'keywords' && { keywords: words }),
  }
}

/** The body by which a text is spoken. */
export function speechRequest(text: string, options: TtsOptions, model: string, dialect: SpeakingDialect): object {
  const { speed, instructions } = dialect.traits(model)
  const told = instructions ? instructionsOf(options) : ''
  const format = responseFormat(options.format, dialect)
  return {
    model,
    input: text,
    voice: options.voice,
    response_format: format,
    ...(speed && options.speed !== undefined && { speed: options.speed }),
    ...(told !== '' && { instructions: told }),
    ...(dialect.sendsRate && (format === 'pcm' || format === 'wav') && { sample_rate: dialect.pcmRate }),
  }
}

function responseFormat({ encoding }: SpeechFormat, { formats }: SpeakingDialect): string {
  if (encoding !== 'pcm') return encoding
  return formats.includes('pcm') ? 'pcm' : 'wav'
}

function instructionsOf({ emotion, language }: TtsOptions): string {
  const tone = emotion?.trim()
  return [
    ...(language === undefined ? [] : [`Speak ${languageName(languageCode(language))}.`]),
    ...(tone ? [`Speak in ${/^[aeiou]/i.test(tone) ? 'an' : 'a'} ${tone} tone.`] : []),
  ].join(' ')
}
