import { isRecord } from '../../api/json.ts'
import {
  readChoices,
  readFlag,
  readInteger,
  readMapping,
  readPath,
  readText,
  readTexts,
  said,
  type Tell,
  tellUnknown,
} from '../operator-definition.ts'
import type { KnownModel } from '../provider.ts'
import type { Range } from '../speech.ts'
import { type SttPreset, sttFiles, type TtsPreset, ttsFormats } from '../speech-presets.ts'
import { openaiAudioDialect } from './capabilities.ts'
import type { HearingDialect, SpeakingDialect } from './dialect.ts'
import { languageCode } from './languages.ts'

const sttMembers = ['models', 'default_model', 'path', 'files', 'words', 'realtime', 'languages']

/** What a server hears with, from the member `stt` of its definition; undefined where it hears nothing, or cannot be told how. */
export function readHearing(value: unknown, preset: SttPreset | undefined, path: string, tell: Tell): HearingDialect | undefined {
  const definition = readPart(value, preset !== undefined, path, tell)
  if (!definition) return undefined
  tellUnknown(definition, sttMembers, path, tell)
  const at = (member: string): [unknown, string, Tell] => [definition[member], `${path}.${member}`, tell]
  const models = readModels(definition, preset?.defaultModel, path, tell)
  const endpoint = readPath(...at('path')) ?? preset?.path ?? '/audio/transcriptions'
  const kinds = readChoices(definition.files, sttFiles, `${path}.files`, tell) ?? preset?.files ?? sttFiles
  const files = (readFlag(...at('words')) ?? preset?.words) ? 'words' : 'text'
  const session = readRealtime(...at('realtime')) ?? preset?.realtime ?? false
  const languages = readTexts(...at('languages'))?.map(languageCode)
  if (!models) return undefined
  return {
    models,
    path: endpoint,
    kinds,
    maxBytes: 25_000_000,
    languages,
    traits: () => ({ files, language: 'one', hints: 'prompt', ...(session && { turns: 'silence' }) }),
    ...(session && { realtime: { modelInURL: true, session: session === 'flat' ? 'flat' : 'nested' } }),
  }
}

function readRealtime(value: unknown, path: string, tell: Tell): boolean | 'flat' | undefined {
  if (value === undefined || value === null || typeof value === 'boolean' || value === 'flat') return value ?? undefined
  tell(`${path}: true, false or flat is expected, not ${said(value)}`)
  return undefined
}

const ttsMembers = ['models', 'default_model', 'path', 'voices', 'formats', 'pcm_rate', 'sends_rate', 'max_characters', 'speed']

/** What a server speaks with, from the member `tts`. */
export function readSpeaking(
  value: unknown,
  preset: TtsPreset | undefined,
  path: string,
  tell: Tell,
): SpeakingDialect | undefined {
  const definition = readPart(value, preset !== undefined, path, tell)
  if (!definition) return undefined
  tellUnknown(definition, ttsMembers, path, tell)
  const at = (member: string): [unknown, string, Tell] => [definition[member], `${path}.${member}`, tell]
  const models = readModels(definition, preset?.defaultModel, path, tell)
  const formats = readChoices(definition.formats, ttsFormats, `${path}.formats`, tell) ?? preset?.formats ?? ['pcm', 'mp3']
  const isRaw = formats.includes('pcm') || formats.includes('wav')
  if (!isRaw) tell(`${path}.formats: pcm or wav is missing; without both there is no sound to play while it comes`)
  const pcmRate = readInteger(definition.pcm_rate, rates, `${path}.pcm_rate`, tell) ?? preset?.pcmRate ?? 24_000
  const sendsRate = readFlag(...at('sends_rate')) ?? preset?.sendsRate ?? false
  const most = readInteger(definition.max_characters, [1, 1_000_000], `${path}.max_characters`, tell) ?? 4096
  const speed = readSpeed(definition.speed, preset?.speed ? openaiSpeed : undefined, `${path}.speed`, tell)
  const voices = readTexts(...at('voices'))
  const endpoint = readPath(...at('path')) ?? '/audio/speech'
  if (!models || !isRaw) return undefined
  const traits = { voices, speed, instructions: false }
  return { models, path: endpoint, formats, pcmRate, sendsRate, maxCharacters: most, traits: () => traits }
}

/** Hertz. */
const rates: readonly [number, number] = [8000, 48_000]

const openaiSpeed = openaiAudioDialect.speaking?.traits('tts-1').speed

/** `true` is OpenAI's range; a mapping says another; `false` is none. */
function readSpeed(value: unknown, preset: Range | undefined, path: string, tell: Tell): Range | undefined {
  if (value === undefined || value === null) return preset
  if (typeof value === 'boolean') return value ? openaiSpeed : undefined
  const { least, most, ...others } = isRecord(value) ? value : {}
  const isRange = typeof least === 'number' && typeof most === 'number' && least > 0 && least <= 1 && most >= 1 && most <= 100
  if (isRange && Object.keys(others).length === 0) return { least, most }
  tell(`${path}: true, false or a mapping of least (at most 1) and most (at least 1) is expected, not ${said(value)}`)
  return undefined
}

/** `true` turns on a part of which nothing more is to be said than its preset knows; `false` turns it off. */
function readPart(value: unknown, hasPreset: boolean, path: string, tell: Tell): Readonly<Record<string, unknown>> | undefined {
  if (value === false || (!hasPreset && (value === undefined || value === null))) return undefined
  return readMapping(value === true && hasPreset ? {} : value, path, tell)
}

/** The default stands first, also where it is none of those listed. */
function readModels(
  definition: Readonly<Record<string, unknown>>,
  preset: string | undefined,
  path: string,
  tell: Tell,
): readonly [KnownModel, ...KnownModel[]] | undefined {
  const listed = readTexts(definition.models, `${path}.models`, tell)
  const first = readText(definition.default_model, `${path}.default_model`, tell) ?? listed?.[0] ?? preset
  if (first === undefined) {
    tell(`${path}.default_model is missing: the model to take where a caller names none`)
    return undefined
  }
  const others = (listed ?? []).filter((name) => name !== first)
  return [modelOf(first), ...others.map(modelOf)]
}

function modelOf(name: string): KnownModel {
  return { name, displayName: name }
}
