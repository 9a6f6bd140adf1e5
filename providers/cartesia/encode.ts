import type { RawFormat, SpeechFormat, SttOptions, TtsOptions, TurnOptions } from '../speech.ts'
import { isInk2, ttsCapabilities } from './capabilities.ts'
import { languageCode } from './languages.ts'

type Query = readonly (readonly [name: string, value: string])[]

/** What is said of a text that is to be spoken, but for the text: the same for all that belongs together. */
export function speechRequest(options: TtsOptions, model: string): Readonly<Record<string, unknown>> {
  const { voice, format, language, speed, volume, emotion } = options
  const choices = ttsCapabilities(model)
  const config = {
    ...(speed !== undefined && choices.speed && { speed }),
    ...(volume !== undefined && choices.volume && { volume }),
    ...(emotion !== undefined && { emotion }),
  }
  return {
    model_id: model,
    voice: { mode: 'id', id: voice },
    output_format: outputFormat(format),
    ...(language !== undefined && languageOf(language)),
    ...(Object.keys(config).length > 0 && { generation_config: config }),
  }
}

/** A tag that says more than the language goes whole; the vendor takes either, and never both. */
function languageOf(tag: string): { readonly language: string } | { readonly locale: string } {
  return tag.includes('-') ? { locale: tag } : { language: languageCode(tag) }
}

function outputFormat(format: SpeechFormat): Readonly<Record<string, unknown>> {
  if (format.encoding === 'pcm') return { container: 'raw', encoding: 'pcm_s16le', sample_rate: format.rate }
  if (format.encoding === 'mulaw') return { container: 'raw', encoding: 'pcm_mulaw', sample_rate: format.rate }
  return { container: 'mp3', sample_rate: 44_100, bit_rate: 128_000 }
}

/** The query of `/stt/websocket`. */
export function manualQuery(model: string, format: RawFormat, options: SttOptions & TurnOptions): Query {
  const { language, hints, silenceMs } = options
  return [
    ...soundQuery(model, format),
    ...(language === undefined ? [] : [['language', languageCode(language)] as const]),
    ...hints.map((hint) => ['keyterm', hint] as const),
    // Ink 2 ends nothing of its own here.
    ...(silenceMs === undefined || isInk2(model) ? [] : [['max_silence_duration_secs', String(silenceMs / 1000)] as const]),
  ]
}

/** The query of `/stt/turns/websocket`. */
export function turnsQuery(model: string, format: RawFormat, options: SttOptions & TurnOptions): Query {
  return [...soundQuery(model, format), ...options.hints.map((hint) => ['keyterm', hint] as const), ...turnQuery(options)]
}

/** Whether turns are asked for that are told by what was said, and the model has them for the language. */
export function wantsTurns(model: string, { language, endThreshold, eagerThreshold }: SttOptions & TurnOptions): boolean {
  const isEnglish = language === undefined || languageCode(language) === 'en'
  return isInk2(model) && isEnglish && (endThreshold !== undefined || eagerThreshold !== undefined)
}

function soundQuery(model: string, format: RawFormat): Query {
  const encoding = format.encoding === 'pcm' ? 'pcm_s16le' : 'pcm_mulaw'
  return [
    ['model', model],
    ['encoding', encoding],
    ['sample_rate', String(format.rate)],
  ]
}

/**
 * The vendor's thresholds are of the certainty that somebody still speaks, the other way round, and each has its range: what lies outside
 * is the nearest inside. That of the end has to stay below the one that foretells it.
 */
function turnQuery({ silenceMs, endThreshold, eagerThreshold }: TurnOptions): Query {
  const eager = eagerThreshold === undefined ? undefined : within(rounded(1 - eagerThreshold), 0.3, 0.6)
  const end = endThreshold === undefined ? undefined : within(rounded(1 - endThreshold), 0.05, 0.5)
  const endBelow = end !== undefined && eager !== undefined ? Math.min(end, rounded(eager - leastGap)) : end
  const eagerAbove = eager ?? (endBelow === undefined || endBelow < defaultEager ? undefined : rounded(endBelow + leastGap))
  return [
    ...(eagerAbove === undefined ? [] : [['turn_eager_end_threshold', String(eagerAbove)] as const]),
    ...(endBelow === undefined ? [] : [['turn_end_threshold', String(endBelow)] as const]),
    ...(silenceMs === undefined ? [] : [['turn_end_timeout_ms', String(within(Math.round(silenceMs), 640, 11_200))] as const]),
  ]
}

const leastGap = 0.05
const defaultEager = 0.4

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

/** Without what subtraction leaves behind in the last digits. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
