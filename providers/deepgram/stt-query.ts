import type { RawFormat, SttOptions, TurnOptions } from '../speech.ts'
import { hintParameter } from './capabilities.ts'
import { languageChoice } from './languages.ts'
import type { Query } from './query.ts'

/** For `POST /v1/listen`. Where no language is named, the vendor finds out which one is spoken. */
export function fileQuery(model: string, { language, hints }: SttOptions): Query {
  const languages: Query = language === undefined ? [['detect_language', 'true']] : languageParameters(model, language)
  return [['model', model], ['smart_format', 'true'], ['punctuate', 'true'], ...languages, ...hintParameters(model, hints)]
}

/**
 * For the socket of `/v1/listen`. Where no language is named, models that tell many apart do; others take their default. The silence
 * that ends an utterance is also what the gap between two words is measured by, in case noise keeps the silence from being heard.
 */
export function novaQuery(model: string, format: RawFormat, options: SttOptions & TurnOptions): Query {
  const { language, hints, silenceMs } = options
  const finds = model === 'nova-3' || model === 'nova-3-general'
  const unnamed: Query = finds ? [['language', 'multi']] : []
  return [
    ['model', model],
    ...formatParameters(format),
    ['channels', '1'],
    ['interim_results', 'true'],
    ['smart_format', 'true'],
    // Else numbers are held back until what follows them is known.
    ['no_delay', 'true'],
    ['punctuate', 'true'],
    ['vad_events', 'true'],
    ...(silenceMs === undefined ? [] : parameter('endpointing', Math.max(least.endpointing, Math.round(silenceMs)))),
    ...parameter('utterance_end_ms', Math.max(least.utteranceEnd, Math.round(silenceMs ?? 0))),
    ...(language === undefined ? unnamed : languageParameters(model, language)),
    ...hintParameters(model, hints),
  ]
}

/** Milliseconds. */
const least = { endpointing: 10, utteranceEnd: 1000 }

/**
 * For the socket of `/v2/listen`. Whatever was said, a turn ends after the silence that is given. Values beyond what the vendor takes
 * become the nearest that it does: the scale is its own.
 */
export function fluxQuery(model: string, format: RawFormat, options: SttOptions & TurnOptions): Query {
  const { language, hints, silenceMs, endThreshold, eagerThreshold } = options
  const end = endThreshold === undefined ? undefined : between(0.5, endThreshold, 1)
  const eager = eagerThreshold === undefined ? undefined : Math.min(between(0.3, eagerThreshold, 0.9), end ?? defaultEndThreshold)
  return [
    ['model', model],
    ...formatParameters(format),
    ...(end === undefined ? [] : parameter('eot_threshold', end)),
    ...(eager === undefined ? [] : parameter('eager_eot_threshold', eager)),
    ...(silenceMs === undefined ? [] : parameter('eot_timeout_ms', between(500, Math.round(silenceMs), 60_000))),
    ...(language === undefined || model === 'flux-general-en' ? [] : languageParameters(model, language)),
    ...hintParameters(model, hints),
  ]
}

const defaultEndThreshold = 0.7

function formatParameters({ encoding, rate }: RawFormat): Query {
  return [
    ['encoding', encoding === 'pcm' ? 'linear16' : 'mulaw'],
    ['sample_rate', String(rate)],
  ]
}

/** What the model does not know is sent as it is, for the vendor to refuse. */
function languageParameters(model: string, language: string): Query {
  const choice = languageChoice(model, language) ?? { type: 'only', code: language }
  if (choice.type === 'only') return [['language', choice.code]]
  const hint: Query = [['language_hint', choice.code]]
  // Flux hears many languages by its name; Nova is told to.
  return model.startsWith('flux-') ? hint : [['language', 'multi'], ...hint]
}

function hintParameters(model: string, hints: readonly string[]): Query {
  const name = hintParameter(model)
  return name === undefined ? [] : hints.map((hint) => [name, hint])
}

function parameter(name: string, value: number): Query {
  return [[name, String(value)]]
}

function between(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
