import {
  baseURLVariableOf,
  keyHeaderOf,
  keyVariableOf,
  nameProblem,
  noPreset,
  readBaseURL,
  readFlag,
  readHeaderName,
  readHeaders,
  readMapping,
  readText,
  readVariable,
  type Taken,
  type Tell,
  tellUnknown,
} from '../operator-definition.ts'
import type { SpeechProvider } from '../speech.ts'
import { type SpeechPreset, speechPresetNames, speechPresetOf } from '../speech-presets.ts'
import { createOpenAiAudio } from './adapter.ts'
import { readHearing, readSpeaking } from './define-parts.ts'
import type { AudioDialect } from './dialect.ts'

/** What an operator's definitions come to, and every mistake in them. */
export interface DefinedSpeech {
  readonly providers: readonly SpeechProvider[]
  readonly problems: readonly string[]
}

/**
 * The servers of `speech` in the configuration, a mapping by their names, and of `named`, which are names of presets. What both have
 * is as the mapping says.
 *
 * Whether an address was given at all is told by `upstream.defaultBaseURL`, which may be empty.
 */
export function defineSpeechProviders(
  mapping: Readonly<Record<string, unknown>>,
  named: readonly string[],
  taken: Taken,
): DefinedSpeech {
  const problems: string[] = []
  const tell: Tell = (problem) => void problems.push(problem)
  for (const name of named) if (!speechPresetOf(name)) tell(`VAI_SPEECH: ${presetProblem(name)}`)
  const presets = named.filter((name) => speechPresetOf(name) && !Object.hasOwn(mapping, name))
  const definitions = { ...mapping, ...Object.fromEntries(presets.map((name) => [name, {}])) }
  const providers: SpeechProvider[] = []
  let names = taken
  for (const [id, definition] of Object.entries(definitions)) {
    const dialect = readDefinition(id, definition, `speech.${id}`, names, tell)
    if (!dialect) continue
    const { keyHeader, baseURLVariable } = dialect.upstream
    names = {
      ids: [...names.ids, id],
      keyHeaders: [...names.keyHeaders, keyHeader.toLowerCase()],
      variables: [...names.variables, baseURLVariable],
    }
    providers.push(createOpenAiAudio(dialect))
  }
  return { providers, problems }
}

const known = ['preset', 'name', 'base_url', 'key_variable', 'key_header', 'key_optional', 'headers', 'stt', 'tts']

/** The dialect of one server; undefined where a mistake keeps it from being made. */
function readDefinition(id: string, value: unknown, path: string, taken: Taken, tell: Tell): AudioDialect | undefined {
  const problem = nameProblem(id, taken)
  if (problem) {
    tell(`${path}: ${problem}`)
    return undefined
  }
  const definition = readMapping(value, path, tell)
  if (!definition) return undefined
  tellUnknown(definition, known, path, tell)
  const preset = readPreset(id, definition.preset, `${path}.preset`, tell)
  const isWrong = isGiven(definition.preset) && definition.preset !== 'none' && !preset
  const at = (member: string): [unknown, string, Tell] => [definition[member], `${path}.${member}`, tell]
  const name = readText(...at('name')) ?? preset?.name ?? id
  const keyHeader = readHeaderName(...at('key_header'))
  const headers = readHeaders(...at('headers'))
  const hearing = readHearing(definition.stt, preset?.stt, `${path}.stt`, tell)
  const speaking = readSpeaking(definition.tts, preset?.tts, `${path}.tts`, tell)
  const upstream = {
    keyHeader: keyHeaderOf(id),
    keyVariables: [readVariable(...at('key_variable')) ?? keyVariableOf(id)],
    // What has a preset runs on one's own machine.
    ...((readFlag(...at('key_optional')) ?? preset !== undefined) && { keyOptional: true }),
    baseURLVariable: baseURLVariableOf(id),
    defaultBaseURL: readBaseURL(...at('base_url')) ?? preset?.baseURL ?? '',
  }
  if (!hearing && !speaking) {
    const isSaid = isOn(definition.stt) || isOn(definition.tts) || isWrong
    if (!isSaid) tell(`${path}: stt or tts is missing; without both it neither hears nor speaks`)
    return undefined
  }
  return {
    id,
    name,
    upstream,
    ...(keyHeader && { keyHeader }),
    ...(headers && { headers }),
    ...(hearing && { hearing }),
    ...(speaking && { speaking }),
  }
}

/** Whether a part is wanted, so that whatever keeps it from being made was told. */
function isOn(part: unknown): boolean {
  return isGiven(part) && part !== false
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** A server that has a preset's name is of that preset, unless it says otherwise. */
function readPreset(id: string, value: unknown, path: string, tell: Tell): SpeechPreset | undefined {
  if (!isGiven(value)) return speechPresetOf(id)
  if (value === 'none') return undefined
  const preset = typeof value === 'string' ? speechPresetOf(value) : undefined
  if (!preset) tell(`${path}: ${presetProblem(value)}`)
  return preset
}

function presetProblem(name: unknown): string {
  return noPreset(name, speechPresetNames)
}
