import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { accessSettings } from './config/access.ts'
import { limitSettings } from './config/limits.ts'
import { liveSettings } from './config/live.ts'
import { modelSettings } from './config/models.ts'
import { runSettings } from './config/runs.ts'
import { serverSettings } from './config/server.ts'
import { definitions, endpoint, type Setting, url } from './config/setting.ts'
import { signalSettings } from './config/signals.ts'
import { speechSetting } from './config/speech.ts'
import { toolSettings } from './config/tools.ts'
import { upstreamSettings } from './config/upstream.ts'
import { voiceSettings } from './config/voice.ts'
import type { CatalogueEntry } from './providers/catalogue/entry.ts'
import { readCatalogueFile } from './providers/catalogue/file.ts'
import { knownModels } from './providers/catalogue/models.gen.ts'
import { knownSpeech } from './providers/catalogue/speech.gen.ts'
import { defineSpeechProviders, providers as ownProviders, speechProviders as ownSpeech } from './providers/index.ts'
import { patternProblem } from './providers/model-policy.ts'
import { type DefinedProviders, defineProviders, presetNames } from './providers/openai-compatible.ts'
import type { Taken } from './providers/operator-definition.ts'
import type { LlmProvider, UpstreamSettings } from './providers/provider.ts'
import type { SpeechProvider } from './providers/speech.ts'
import { nearest } from './text/nearest.ts'
import { toolPatternProblem } from './tools/allowed.ts'
import { builtins } from './tools/builtins.gen.ts'
import { type HttpToolDefinition, readHttpTools } from './tools/http-tool-definition.ts'
import { servicesOf } from './tools/services.ts'
import type { Service, Tool } from './tools/tool.ts'

/**
 * Every setting of the gateway, once: its name in the YAML file, its environment variable, its default and what it means.
 * The type of the configuration, its validation, `vai config` and the settings page of the documentation all come from here.
 */
const ownSettings = {
  ...serverSettings,
  ...accessSettings,
  ...modelSettings,
  ...toolSettings,
  ...limitSettings,
  ...runSettings,
  ...voiceSettings,
  ...liveSettings,
  ...upstreamSettings,
  ...signalSettings,
}

/** The providers that the operator adds; in YAML a mapping that defines them, to which the environment adds presets. */
const providersSetting = definitions(
  'VAI_PROVIDERS',
  presetNames,
  "Servers to add that speak OpenAI's Chat Completions, by the names of presets: `ollama,deepseek`. In YAML a mapping that defines them, to which the environment adds; see operators.md.",
)

/** What is reached at a base URL, most often with a key: a provider of models, a vendor of speech, or a service that tools ask. */
export type Reached = Pick<LlmProvider, 'id' | 'name' | 'upstream'>

/** All settings by their name in the YAML file: the gateway's own, and for each base URL that is reached one more. */
export function settingsFor(reached: readonly Reached[]): Readonly<Record<string, Setting<unknown>>> {
  const all: Record<string, Setting<unknown>> = { ...ownSettings, providers: providersSetting, speech: speechSetting }
  for (const { name, upstream } of reached) {
    if (!upstream) continue
    // Those that share a variable share the setting; the first of them says what it is.
    const kind = upstream.takesHostAndPort ? endpoint : url
    all[baseURLSetting(upstream)] ??= kind(
      upstream.baseURLVariable,
      upstream.defaultBaseURL,
      `The root of ${name}'s API, as its own SDK takes it.`,
    )
  }
  return all
}

/** Everybody whom a gateway reaches that has nothing but what it brings along. */
export const ownReached: readonly Reached[] = [...ownProviders, ...ownSpeech, ...servicesOf(builtins)]

/** The settings of such a gateway. */
export const settings = settingsFor(ownReached)

/** What the setting of a base URL is called in the YAML file: `VAI_OPENAI_BASE_URL` is `openai_base_url` there. */
export function baseURLSetting({ baseURLVariable }: UpstreamSettings): string {
  return baseURLVariable.replace(/^VAI_/, '').toLowerCase()
}

type OwnConfig = Readonly<{ [Name in keyof typeof ownSettings]: ReturnType<(typeof ownSettings)[Name]['read']> }>

export type Config = Omit<OwnConfig, 'tools'> & {
  /** Those that were given, and those that the operator defines. */
  readonly providers: readonly LlmProvider[]
  /** Who hears and speaks. */
  readonly speech: readonly SpeechProvider[]
  /** The tools that were given, which need no configuration. */
  readonly builtins: readonly Tool[]
  /** Whom these may ask. */
  readonly services: readonly Service[]
  /** The tools that the operator defines. */
  readonly tools: readonly HttpToolDefinition[]
  /** By the id of the provider or the service. */
  readonly baseURLs: ReadonlyMap<string, URL>
  /** What is known of models of language, with what the file of `catalogue` changes. */
  readonly models: readonly CatalogueEntry[]
  /** What is known of models that hear or speak, likewise. */
  readonly speechModels: readonly CatalogueEntry[]
}

/** What is wrong with the configuration, for a person to read; all problems at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

/**
 * The configuration from the environment and, where `VAI_CONFIG` or `file` names one, a YAML file. The environment wins. The
 * base URLs are those of the given providers, of the vendors of speech and of the services of the given tools. Throws a `ConfigError` that lists every setting
 * that is unknown or has a wrong value.
 */
export async function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  file = env.VAI_CONFIG,
  providers: readonly LlmProvider[] = ownProviders,
  given: readonly Tool[] = builtins,
  ownVoices: readonly SpeechProvider[] = ownSpeech,
): Promise<Config> {
  const problems: string[] = []
  const fromFile = file ? await readFile(file, problems) : {}
  const services = servicesOf(given)
  const defined = definedProviders(env, fromFile, file, [...providers, ...ownVoices, ...services], problems)
  const all = [...providers, ...defined.providers]
  const definedVoices = definedSpeech(env, fromFile, file, [...all, ...ownVoices, ...services], problems)
  const speech = [...ownVoices, ...definedVoices]
  const reached: readonly Reached[] = [...all, ...speech, ...services]
  const { providers: _, speech: __, ...settings } = settingsFor(reached)
  refuseUnknown(settings, env, fromFile, file, problems)
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const fromEnv = env[setting.env]
    const raw = fromEnv !== undefined && fromEnv !== '' ? fromEnv : fromFile[name]
    try {
      values[name] = setting.read(raw)
    } catch (error) {
      const source = raw === fromEnv ? setting.env : `${name} in ${file}`
      problems.push(`${source}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const ids = [...all, ...speech].map(({ id }) => id)
  const tools = await definedTools(values.tools, env.VAI_TOOLS ? undefined : file, given, problems)
  const toolNames = [...given, ...tools].map(({ name }) => name)
  problems.push(
    ...patternProblems('allowed_models', values.allowed_models, (pattern) => patternProblem(pattern, ids)),
    ...patternProblems('allowed_tools', values.allowed_tools, (pattern) => toolPatternProblem(pattern, toolNames)),
  )
  const known = await modelsFrom(values.catalogue, [...knownModels, ...knownSpeech, ...defined.models], ids, problems)
  const models = known.filter(({ speech }) => !speech)
  const speechModels = known.filter((entry) => entry.speech)
  if (problems.length > 0) throw new ConfigError(problems)
  const baseURLs = new Map(
    reached.map(({ id, upstream }) => [id, upstream && values[baseURLSetting(upstream)]]).filter(isBaseURL),
  )
  // Every own setting was read by its own reader above, which the type cannot see.
  const own = values as OwnConfig
  const config: Config = Object.freeze({
    ...own,
    providers: all,
    speech,
    builtins: given,
    services,
    tools,
    baseURLs,
    models,
    speechModels,
  })
  const together = [openRelayProblem(config), bodyProblem(config)].filter((problem) => problem !== undefined)
  if (together.length > 0) throw new ConfigError(together)
  return config
}

/** The mode in force: the operator's, or the safe default for the address. */
export function authMode(config: Config): 'required' | 'optional' | 'disabled' {
  return config.auth_mode ?? (isLoopback(config.host) ? 'disabled' : 'required')
}

/** The mode in force. An open port never spends the operator's money unless the operator says so. */
export function credentialsMode(config: Config): 'byok' | 'hybrid' | 'managed' {
  return config.credentials ?? (authMode(config) === 'required' || isLoopback(config.host) ? 'hybrid' : 'byok')
}

/** Whether an address to listen on can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** What the operator adds, but for a provider whose address nobody gives. */
function definedProviders(
  env: Readonly<Record<string, string | undefined>>,
  fromFile: Readonly<Record<string, unknown>>,
  file: string | undefined,
  present: readonly Reached[],
  problems: string[],
): DefinedProviders {
  const found: string[] = []
  const named = Object.keys(providersSetting.read(env.VAI_PROVIDERS))
  const defined = defineProviders(inFile('providers', providersSetting, fromFile, found), named, takenBy(present))
  found.push(...defined.problems)
  const reachable = defined.providers.filter((provider) => isAddressed(provider, 'providers', env, fromFile, found))
  problems.push(...inFileOf(file, 'providers', found))
  return { ...defined, providers: reachable }
}

/** The servers of speech that the operator adds, likewise. */
function definedSpeech(
  env: Readonly<Record<string, string | undefined>>,
  fromFile: Readonly<Record<string, unknown>>,
  file: string | undefined,
  present: readonly Reached[],
  problems: string[],
): readonly SpeechProvider[] {
  const found: string[] = []
  const named = Object.keys(speechSetting.read(env.VAI_SPEECH))
  const defined = defineSpeechProviders(inFile('speech', speechSetting, fromFile, found), named, takenBy(present))
  found.push(...defined.problems)
  const reachable = defined.providers.filter((provider) => isAddressed(provider, 'speech', env, fromFile, found))
  problems.push(...inFileOf(file, 'speech', found))
  return reachable
}

/** The names that no further provider can have. */
function takenBy(present: readonly Reached[]): Taken {
  return {
    ids: present.map(({ id }) => id),
    keyHeaders: present.flatMap(({ upstream }) => (upstream ? [upstream.keyHeader.toLowerCase()] : [])),
    variables: Object.values(settingsFor(present)).map((setting) => setting.env),
  }
}

function isAddressed(
  { id, upstream }: Reached,
  setting: string,
  env: Readonly<Record<string, string | undefined>>,
  fromFile: Readonly<Record<string, unknown>>,
  problems: string[],
): boolean {
  if (!upstream || upstream.defaultBaseURL || env[upstream.baseURLVariable] || fromFile[baseURLSetting(upstream)]) return true
  problems.push(`${setting}.${id}: base_url is missing; ${upstream.baseURLVariable} can give it too`)
  return false
}

/** The problems, with the file before those that stand in it. */
function inFileOf(file: string | undefined, setting: string, problems: readonly string[]): readonly string[] {
  return problems.map((problem) => (file && problem.startsWith(setting) ? `${file}: ${problem}` : problem))
}

function inFile(
  name: string,
  setting: Setting<Readonly<Record<string, unknown>>>,
  fromFile: Readonly<Record<string, unknown>>,
  problems: string[],
): Readonly<Record<string, unknown>> {
  try {
    return setting.read(fromFile[name])
  } catch (error) {
    problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    return {}
  }
}

async function modelsFrom(
  file: unknown,
  present: readonly CatalogueEntry[],
  providers: readonly string[],
  problems: string[],
): Promise<readonly CatalogueEntry[]> {
  if (typeof file !== 'string' || file === '') return present
  const { entries, problems: found } = await readCatalogueFile(file, present, providers)
  problems.push(...found)
  return entries
}

/** The operator's tools. `file` is the one that they stand in; undefined where the environment holds them. */
async function definedTools(
  value: unknown,
  file: string | undefined,
  present: readonly Tool[],
  problems: string[],
): Promise<readonly HttpToolDefinition[]> {
  const tell = (problem: string): void => void problems.push(`${file ?? toolSettings.tools.env}: ${problem}`)
  const names = present.map(({ name }) => name)
  return value === undefined || value === null ? [] : readHttpTools(value, names, tell)
}

function patternProblems(setting: string, patterns: unknown, problemOf: (pattern: string) => string | undefined): string[] {
  return (Array.isArray(patterns) ? patterns : []).flatMap((pattern) => {
    const problem = problemOf(String(pattern))
    return problem === undefined ? [] : [`${setting}: ${pattern}: ${problem}`]
  })
}

function isBaseURL(entry: readonly unknown[]): entry is [string, URL] {
  return entry[1] instanceof URL
}

function openRelayProblem(config: Config): string | undefined {
  if (authMode(config) !== 'disabled' || isLoopback(config.host) || config.allow_open_relay) return undefined
  return `auth_mode is disabled on ${config.host}, which others can reach. Set VAI_ALLOW_OPEN_RELAY=true if that is what you want.`
}

/** What is left of the budget is for small bodies, so that a body of more than its share could never come in. */
function bodyProblem({ limit_body_bytes: largest, limit_bodies_bytes: budget }: Config): string | undefined {
  const share = Math.floor(budget * 0.75)
  if (largest <= share) return undefined
  return `limit_body_bytes is ${largest}, more than three quarters of limit_bodies_bytes, ${budget}. Set VAI_LIMIT_BODY_BYTES to ${share} or less, or VAI_LIMIT_BODIES_BYTES to ${Math.ceil(largest / 0.75)} or more.`
}

async function readFile(file: string, problems: string[]): Promise<Record<string, unknown>> {
  try {
    // Few have a file; the others need not wait for the parser.
    const { parse } = await import('yaml')
    const value: unknown = parse(readFileSync(file, 'utf8')) ?? {}
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    problems.push(`${file}: a mapping of settings is expected`)
  } catch (error) {
    problems.push(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return {}
}

function refuseUnknown(
  settings: Readonly<Record<string, Setting<unknown>>>,
  env: Readonly<Record<string, string | undefined>>,
  fromFile: object,
  file: string | undefined,
  problems: string[],
): void {
  const own = [providersSetting.env, speechSetting.env, 'VAI_CONFIG']
  const variables = [...Object.values(settings).map((setting) => setting.env), ...own]
  const names = [...Object.keys(settings), 'providers', 'speech']
  for (const name of Object.keys(env)) {
    if (name.startsWith('VAI_') && !variables.includes(name)) problems.push(unknown(name, variables))
  }
  for (const name of Object.keys(fromFile)) {
    if (!names.includes(name)) problems.push(`${file}: ${unknown(name, names)}`)
  }
}

function unknown(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return `${name} is not a setting${near ? `; did you mean ${near}?` : '. `vai config` lists them all.'}`
}
