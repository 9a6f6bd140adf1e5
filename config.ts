import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { asObject, choice, flag, integer, map, optionalChoice, patterns, type Setting, text, url } from './config/setting.ts'
import type { CatalogueEntry } from './providers/catalogue/entry.ts'
import { readCatalogueFile } from './providers/catalogue/file.ts'
import { knownModels } from './providers/catalogue/models.gen.ts'
import { providers as ownProviders } from './providers/index.ts'
import { type DefinedProviders, defineProviders, presetNames } from './providers/openai-compatible.ts'
import type { LlmProvider, UpstreamSettings } from './providers/provider.ts'
import { nearest } from './text/nearest.ts'

/**
 * Every setting of the gateway, once: its name in the YAML file, its environment variable, its default and what it means.
 * The type of the configuration, its validation, `vai config` and the settings page of the documentation all come from here.
 */
const ownSettings = {
  host: text('VAI_HOST', '127.0.0.1', 'The address to listen on.'),
  port: integer('VAI_PORT', 8080, 0, 65535, 'The port to listen on; 0 takes any free one.'),
  log_level: choice(
    'VAI_LOG_LEVEL',
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    'info',
    'The least severe log line that is written.',
  ),
  auth_mode: optionalChoice(
    'VAI_AUTH_MODE',
    ['required', 'optional', 'disabled'],
    'Whether callers need a gateway key. Default: disabled on a loopback address, required otherwise.',
  ),
  allow_open_relay: flag(
    'VAI_ALLOW_OPEN_RELAY',
    false,
    'Must be true for `auth_mode: disabled` on an address that others can reach.',
  ),
  credentials: optionalChoice(
    'VAI_CREDENTIALS',
    ['byok', 'hybrid', 'managed'],
    "Whose provider keys are used. byok: the caller's, from X-Provider-Key-* headers. hybrid: the caller's, else the operator's. managed: the operator's, and headers are refused. Default: hybrid on a loopback address or with auth required, else byok.",
  ),
  demo: flag('VAI_DEMO', true, 'Whether the built-in models demo/echo and demo/tools answer.'),
  model_aliases: map(
    'VAI_MODEL_ALIASES',
    'Other names for models: `sonnet=anthropic/claude-sonnet-4-5,fast=openai/gpt-5-mini`; in YAML a mapping.',
  ),
  allowed_models: patterns(
    'VAI_ALLOWED_MODELS',
    'The models that may be used and are listed, where not all of them: `anthropic/*,openai/gpt-5*`; in YAML a list. Default: all.',
  ),
  catalogue: text(
    'VAI_CATALOGUE',
    '',
    'A YAML or JSON file that changes what is known of models, their prices among it. Its form is in models.md.',
  ),
  ollama_detect: flag(
    'VAI_OLLAMA_DETECT',
    true,
    'Whether an Ollama on this machine is looked for at the start, to say how it can be used.',
  ),
  limit_body_bytes: integer('VAI_LIMIT_BODY_BYTES', 32 * 1024 * 1024, 1024, 1024 ** 3, 'The largest request body, in bytes.'),
  limit_image_bytes: integer('VAI_LIMIT_IMAGE_BYTES', 5 * 1024 * 1024, 1, 1024 ** 3, 'The largest image, decoded, in bytes.'),
  limit_block_bytes: integer(
    'VAI_LIMIT_BLOCK_BYTES',
    16 * 1024 * 1024,
    1,
    1024 ** 3,
    'The largest other base64 block, decoded, in bytes.',
  ),
  limit_base64_bytes: integer(
    'VAI_LIMIT_BASE64_BYTES',
    24 * 1024 * 1024,
    1,
    1024 ** 3,
    'All base64 blocks of a request together, decoded, in bytes.',
  ),
  limit_messages: integer('VAI_LIMIT_MESSAGES', 10_000, 1, 10_000, 'The most messages in a request.'),
  limit_text_bytes: integer('VAI_LIMIT_TEXT_BYTES', 8 * 1024 * 1024, 1, 1024 ** 3, 'All text of a request together, in bytes.'),
  limit_stream_ms: integer(
    'VAI_LIMIT_STREAM_MS',
    600_000,
    1,
    24 * 3_600_000,
    'The longest that one answer may take, in milliseconds.',
  ),
  ping_interval_ms: integer(
    'VAI_PING_INTERVAL_MS',
    15_000,
    1,
    3_600_000,
    'A stream that was quiet for this long gets a ping, in milliseconds. Its headers are not held longer than this either, once the provider has begun to answer.',
  ),
  request_timeout_ms: integer(
    'VAI_REQUEST_TIMEOUT_MS',
    60_000,
    10,
    3_600_000,
    'How long a caller may take to send a request, in milliseconds.',
  ),
  upstream_connect_ms: integer(
    'VAI_UPSTREAM_CONNECT_MS',
    5000,
    1,
    3_600_000,
    'How long connecting to a provider may take, in milliseconds.',
  ),
  upstream_first_byte_ms: integer(
    'VAI_UPSTREAM_FIRST_BYTE_MS',
    60_000,
    1,
    3_600_000,
    'How long a provider may take to begin a streamed answer, in milliseconds. An answer in one piece begins when it is complete: there limit_stream_ms counts.',
  ),
  upstream_idle_ms: integer(
    'VAI_UPSTREAM_IDLE_MS',
    60_000,
    1,
    3_600_000,
    'How long a provider may be silent in the middle of an answer, in milliseconds.',
  ),
  retry_attempts: integer(
    'VAI_RETRY_ATTEMPTS',
    2,
    0,
    10,
    'How often a call that failed for a transient reason is tried again, before anything reached the caller.',
  ),
  retry_budget_ms: integer(
    'VAI_RETRY_BUDGET_MS',
    10_000,
    0,
    600_000,
    'How long after its first call a request may still be tried again, in milliseconds; 0 turns retries off, but not fallbacks.',
  ),
  breaker_failure_percent: integer(
    'VAI_BREAKER_FAILURE_PERCENT',
    50,
    0,
    100,
    'The share of calls that a provider has to fail to be left alone for a while, in percent; 0 calls it regardless.',
  ),
  breaker_least_calls: integer(
    'VAI_BREAKER_LEAST_CALLS',
    20,
    1,
    1_000_000,
    'A provider with fewer calls in the window is never left alone.',
  ),
  breaker_window_ms: integer(
    'VAI_BREAKER_WINDOW_MS',
    30_000,
    100,
    3_600_000,
    'How far back calls count for that share, in milliseconds.',
  ),
  breaker_open_ms: integer(
    'VAI_BREAKER_OPEN_MS',
    10_000,
    1,
    3_600_000,
    'How long a provider is left alone before one call tries it again, in milliseconds.',
  ),
  drain_ms: integer('VAI_DRAIN_MS', 30_000, 0, 3_600_000, 'How long running answers may go on after SIGTERM, in milliseconds.'),
}

/** The providers that the operator adds; in YAML a mapping that defines them, to which the environment adds presets. */
const providersSetting: Setting<Readonly<Record<string, unknown>>> = {
  env: 'VAI_PROVIDERS',
  meaning:
    "Servers to add that speak OpenAI's Chat Completions, by the names of presets: `ollama,deepseek`. In YAML a mapping that defines them, to which the environment adds; see operators.md.",
  defaultText: '',
  accepts: `names of presets: ${presetNames.join(', ')}`,
  read(raw) {
    if (raw === undefined || raw === null) return {}
    if (typeof raw !== 'string' && !Array.isArray(raw)) return { ...asObject(raw) }
    const names: readonly unknown[] = typeof raw === 'string' ? raw.split(',') : raw
    return Object.fromEntries(names.map((name) => String(name).trim()).flatMap((name) => (name === '' ? [] : [[name, {}]])))
  },
}

/** All settings by their name in the YAML file: the gateway's own, and for each base URL that the providers name one more. */
export function settingsFor(providers: readonly LlmProvider[]): Readonly<Record<string, Setting<unknown>>> {
  const all: Record<string, Setting<unknown>> = { ...ownSettings, providers: providersSetting }
  for (const { name, upstream } of providers) {
    if (!upstream) continue
    // Providers that share a variable share the setting; the first of them says what it is.
    all[baseURLSetting(upstream)] ??= url(
      upstream.baseURLVariable,
      upstream.defaultBaseURL,
      `The root of ${name}'s API, as its own SDK takes it.`,
    )
  }
  return all
}

/** The settings of a gateway with the providers that it brings along. */
export const settings = settingsFor(ownProviders)

/** What the setting of a provider's base URL is called in the YAML file: `VAI_OPENAI_BASE_URL` is `openai_base_url` there. */
export function baseURLSetting({ baseURLVariable }: UpstreamSettings): string {
  return baseURLVariable.replace(/^VAI_/, '').toLowerCase()
}

type OwnConfig = Readonly<{ [Name in keyof typeof ownSettings]: ReturnType<(typeof ownSettings)[Name]['read']> }>

export type Config = OwnConfig & {
  /** Those that were given, and those that the operator defines. */
  readonly providers: readonly LlmProvider[]
  /** By the provider's id. */
  readonly baseURLs: ReadonlyMap<string, URL>
  /** What is known of models, with what the file of `catalogue` changes. */
  readonly models: readonly CatalogueEntry[]
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
 * base URLs are those of the given providers. Throws a `ConfigError` that lists every setting that is unknown or has a wrong value.
 */
export async function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  file = env.VAI_CONFIG,
  providers: readonly LlmProvider[] = ownProviders,
): Promise<Config> {
  const problems: string[] = []
  const fromFile = file ? await readFile(file, problems) : {}
  const defined = definedProviders(env, fromFile, file, providers, problems)
  const all = [...providers, ...defined.providers]
  const { providers: _, ...settings } = settingsFor(all)
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
  const ids = all.map(({ id }) => id)
  problems.push(...patternProblems(values.allowed_models, ids))
  const models = await modelsFrom(values.catalogue, [...knownModels, ...defined.models], ids, problems)
  if (problems.length > 0) throw new ConfigError(problems)
  const baseURLs = new Map(all.map(({ id, upstream }) => [id, upstream && values[baseURLSetting(upstream)]]).filter(isBaseURL))
  // Every own setting was read by its own reader above, which the type cannot see.
  const own = values as OwnConfig
  const config: Config = Object.freeze({ ...own, providers: all, baseURLs, models })
  const relay = openRelayProblem(config)
  if (relay) throw new ConfigError([relay])
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

/** What the operator adds, but for a provider whose address nobody gives. */
function definedProviders(
  env: Readonly<Record<string, string | undefined>>,
  fromFile: Readonly<Record<string, unknown>>,
  file: string | undefined,
  present: readonly LlmProvider[],
  problems: string[],
): DefinedProviders {
  const variables = Object.values(settingsFor(present)).map((setting) => setting.env)
  const taken = {
    ids: present.map(({ id }) => id),
    keyHeaders: present.flatMap(({ upstream }) => (upstream ? [upstream.keyHeader.toLowerCase()] : [])),
    variables,
  }
  const found: string[] = []
  const defined = defineProviders(inFile(fromFile, found), Object.keys(providersSetting.read(env.VAI_PROVIDERS)), taken)
  found.push(...defined.problems)
  const reachable = defined.providers.filter(({ id, upstream }) => {
    if (!upstream || upstream.defaultBaseURL || env[upstream.baseURLVariable] || fromFile[baseURLSetting(upstream)]) return true
    found.push(`providers.${id}: base_url is missing; ${upstream.baseURLVariable} can give it too`)
    return false
  })
  problems.push(...found.map((problem) => (file && problem.startsWith('providers') ? `${file}: ${problem}` : problem)))
  return { ...defined, providers: reachable }
}

function inFile({ providers }: Readonly<Record<string, unknown>>, problems: string[]): Readonly<Record<string, unknown>> {
  try {
    return providersSetting.read(providers)
  } catch (error) {
    problems.push(`providers: ${error instanceof Error ? error.message : String(error)}`)
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

/** Patterns whose provider there is not would allow nothing, without a word. */
function patternProblems(patterns: unknown, providers: readonly string[]): string[] {
  return (Array.isArray(patterns) ? patterns : []).flatMap((pattern) => {
    const provider = String(pattern).split('/')[0] ?? ''
    if (provider.includes('*') || providers.includes(provider)) return []
    const near = nearest(provider, providers)
    return [`allowed_models: ${pattern}: there is no provider ${provider}${near ? `; did you mean ${near}?` : ''}`]
  })
}

function isBaseURL(entry: readonly unknown[]): entry is [string, URL] {
  return entry[1] instanceof URL
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function openRelayProblem(config: Config): string | undefined {
  const mode = authMode(config)
  if (mode !== 'disabled') {
    return `auth_mode is ${mode}, but this version has no gateway keys yet. Listen on a loopback address (VAI_HOST=127.0.0.1), or put the gateway behind a proxy that authenticates and set VAI_AUTH_MODE=disabled and VAI_ALLOW_OPEN_RELAY=true.`
  }
  if (isLoopback(config.host) || config.allow_open_relay) return undefined
  return `auth_mode is disabled on ${config.host}, which others can reach. Set VAI_ALLOW_OPEN_RELAY=true if that is what you want.`
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
  const variables = [...Object.values(settings).map((setting) => setting.env), providersSetting.env, 'VAI_CONFIG']
  const names = [...Object.keys(settings), 'providers']
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
