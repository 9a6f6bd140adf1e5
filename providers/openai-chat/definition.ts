import { isRecord } from '../../api/json.ts'
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
import type { ChatDialect } from './dialect.ts'
import { type Preset, presetNames, presetOf } from './presets.ts'
import { dialectOf, plainQuirks } from './quirks.ts'
import { readQuirks } from './read-quirks.ts'

/**
 * The dialect of a provider that an operator defines, from its member of `providers` in the configuration.
 *
 * Every mistake is told with its path; the dialect is undefined where one keeps it from being made. `path` is where the definition
 * stands. Whether an address was given at all is told by `upstream.defaultBaseURL`, which may be empty.
 */
export function readDefinition(id: string, value: unknown, path: string, taken: Taken, tell: Tell): ChatDialect | undefined {
  const problem = nameProblem(id, taken)
  if (problem) {
    tell(`${path}: ${problem}`)
    return undefined
  }
  const definition = readMapping(value, path, tell)
  if (!definition) return undefined
  tellUnknown(definition, known, path, tell)
  const preset = readPreset(id, definition.preset, `${path}.preset`, tell)
  const at = (member: string): [unknown, string, Tell] => [definition[member], `${path}.${member}`, tell]
  const name = readText(...at('name')) ?? preset?.name ?? id
  const baseURL = readBaseURL(...at('base_url')) ?? preset?.baseURL ?? ''
  const keyVariable = readVariable(...at('key_variable')) ?? preset?.keyVariable ?? keyVariableOf(id)
  const keyHeader = readHeaderName(...at('key_header')) ?? preset?.keyHeader
  const keyOptional = readFlag(...at('key_optional')) ?? preset?.keyOptional ?? false
  const headers = readHeaders(...at('headers'))
  const quirks = readQuirks(definition.quirks, preset?.quirks ?? plainQuirks, `${path}.quirks`, tell)
  const upstream = {
    keyHeader: keyHeaderOf(id),
    keyVariables: [keyVariable],
    ...(keyOptional && { keyOptional }),
    ...(preset?.conventionalName && { conventionalName: preset.conventionalName }),
    baseURLVariable: baseURLVariableOf(id),
    defaultBaseURL: baseURL,
  }
  const saysEfforts = isRecord(definition.quirks) && 'reasoning_efforts' in definition.quirks
  const dialect = dialectOf({ id, name, upstream }, quirks, saysEfforts ? undefined : preset?.modelEfforts)
  return { ...dialect, ...(headers && { headers }), ...(keyHeader && { keyHeader }) }
}

const known = ['preset', 'name', 'base_url', 'key_variable', 'key_header', 'key_optional', 'headers', 'quirks', 'models']

/** A provider that has a preset's name is of that preset, unless it says otherwise. */
function readPreset(id: string, value: unknown, path: string, tell: Tell): Preset | undefined {
  if (value === undefined || value === null) return presetOf(id)
  if (value === 'none') return undefined
  const preset = typeof value === 'string' ? presetOf(value) : undefined
  if (!preset) tell(`${path}: ${presetProblem(value)}`)
  return preset
}

export function presetProblem(name: unknown): string {
  return noPreset(name, presetNames)
}
