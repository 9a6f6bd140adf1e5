import { parseArgs } from 'node:util'
import { ConfigError } from '../config.ts'
import { nearest } from '../text/nearest.ts'
import type { ChatArguments } from './chat/options.ts'
import type { LiveTalkArguments } from './live/options.ts'
import type { LiveReplayArguments } from './live-replay.ts'

const commands = ['serve', 'config', 'keys', 'chat', 'live', 'help', 'version'] as const
const keysActions = ['create', 'list', 'show', 'rotate', 'revoke'] as const
const liveActions = ['replay'] as const

const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  config: { type: 'string', short: 'c' },
  file: { type: 'string', short: 'f' },
  json: { type: 'boolean' },
  tenant: { type: 'string' },
  project: { type: 'string' },
  role: { type: 'string' },
  limit: { type: 'string', multiple: true },
  models: { type: 'string' },
  providers: { type: 'string' },
  tools: { type: 'string' },
  expires: { type: 'string' },
  grace: { type: 'string' },
  delete: { type: 'boolean' },
  check: { type: 'boolean' },
  url: { type: 'string' },
  key: { type: 'string' },
  model: { type: 'string' },
  voice: { type: 'string' },
  stt: { type: 'string' },
  language: { type: 'string' },
  system: { type: 'string' },
  tool: { type: 'string', multiple: true },
  'provider-key': { type: 'string', multiple: true },
  in: { type: 'string', multiple: true },
  out: { type: 'string' },
  text: { type: 'boolean' },
  headphones: { type: 'boolean' },
  'no-aec': { type: 'boolean' },
  microphone: { type: 'string' },
  speaker: { type: 'string' },
  once: { type: 'string' },
  'max-tokens': { type: 'string' },
} as const

type Option = keyof typeof options

/** What each command takes besides `--help` and `--version`. */
const optionsOf: Readonly<Record<(typeof commands)[number], readonly Option[]>> = {
  serve: ['config'],
  config: ['config'],
  keys: [],
  chat: ['url', 'key', 'model', 'system', 'tools', 'provider-key', 'max-tokens', 'once', 'json'],
  live: [
    ...(['url', 'key', 'model', 'voice', 'stt', 'language', 'system', 'tool', 'provider-key'] as const),
    ...(['in', 'out', 'text', 'json', 'headphones', 'no-aec', 'microphone', 'speaker'] as const),
  ],
  help: ['config'],
  version: ['config'],
}
const optionsOfKeys: Readonly<Record<KeysArguments['action'], readonly Option[]>> = {
  create: ['config', 'file', 'json', 'tenant', 'project', 'role', 'limit', 'models', 'providers', 'tools', 'expires'],
  list: ['config', 'file', 'json'],
  show: ['config', 'file', 'json'],
  rotate: ['config', 'file', 'json', 'grace', 'expires'],
  revoke: ['config', 'file', 'json', 'delete'],
}
const optionsOfLive: Readonly<Record<(typeof liveActions)[number], readonly Option[]>> = {
  replay: ['check'],
}

export type Arguments = {
  /** The YAML file with settings, where one is named. */
  readonly configFile: string | undefined
} & (
  | { readonly command: 'serve' | 'config' | 'version' }
  | { readonly command: 'help'; readonly topic: 'vai' | 'keys' | 'chat' | 'live' }
  | { readonly command: 'keys'; readonly keys: KeysArguments }
  | { readonly command: 'chat'; readonly chat: ChatArguments }
  | { readonly command: 'live'; readonly talk: LiveTalkArguments }
  | { readonly command: 'live-replay'; readonly replay: LiveReplayArguments }
)

/** What is to be done with the gateway keys; texts as they were given. */
export interface KeysArguments {
  readonly action: (typeof keysActions)[number]
  /** Of the key; undefined where a new one gets any, and for all. */
  readonly id: string | undefined
  readonly options: ReturnType<typeof strictly>['values']
}

/** What the command line asks for; `help` where it asks for nothing. Throws a `ConfigError` that says what it may be. */
export function readArguments(args: readonly string[]): Arguments {
  const { tokens, positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: false, tokens: true, options })
  const [name = 'help', ...rest] = positionals
  const command = commands.find((each) => each === name)
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [token] : []))
  const [known, words] = optionsFor(command, rest[0])
  for (const { name: option, rawName } of given) refuseUnless(option, rawName, known, [name, ...words].join(' '))
  const { values } = strictly(args)
  if (!command) throw new ConfigError([`${name} is not a command${hint(name, commands)}`])
  const common = { configFile: values.config }
  if (values.version) return { command: 'version', ...common }
  switch (command) {
    case 'keys':
      return { ...readKeys(rest, values), ...common }
    case 'chat':
      return { ...readChat(rest, values), ...common }
    case 'live':
      return { ...readLive(rest, values), ...common }
    default:
      if (rest.length > 0) throw new ConfigError([`${rest.join(' ')} is not understood; see vai --help.`])
      return values.help || command === 'help' ? { command: 'help', topic: 'vai', ...common } : { command, ...common }
  }
}

/** The options of a command, and the words after it that they belong to. */
function optionsFor(
  command: (typeof commands)[number] | undefined,
  word: string | undefined,
): readonly [readonly Option[], readonly string[]] {
  if (!command) return [[], []]
  const keysAction = command === 'keys' ? keysActions.find((each) => each === word) : undefined
  if (keysAction) return [optionsOfKeys[keysAction], [keysAction]]
  const liveAction = command === 'live' ? liveActions.find((each) => each === word) : undefined
  if (liveAction) return [optionsOfLive[liveAction], [liveAction]]
  return [optionsOf[command], []]
}

type Values = ReturnType<typeof strictly>['values']
type Asked<Command extends Arguments['command']> = Omit<Extract<Arguments, { command: Command }>, 'configFile'>

function readKeys(words: readonly string[], options: Values): Asked<'help'> | Asked<'keys'> {
  if (options.help || words.length === 0) return { command: 'help', topic: 'keys' }
  const [word = '', id, ...more] = words
  const action = keysActions.find((each) => each === word)
  if (!action) throw new ConfigError([`${word} is not a command of vai keys${hint(word, keysActions)}`])
  if (more.length > 0 || (action === 'list' && id !== undefined))
    throw new ConfigError([`${(action === 'list' ? words.slice(1) : more).join(' ')} is not understood; see vai keys --help.`])
  return { command: 'keys', keys: { action, id, options } }
}

function readChat(words: readonly string[], options: Values): Asked<'help'> | Asked<'chat'> {
  if (options.help) return { command: 'help', topic: 'chat' }
  if (words.length > 0)
    throw new ConfigError([`${words.join(' ')} is not understood: a question is given with --once; see vai chat --help.`])
  const { url, key, model, system, tools, once, json } = options
  return {
    command: 'chat',
    chat: {
      url,
      key,
      model,
      system,
      tools,
      providerKeys: options['provider-key'] ?? [],
      maxTokens: options['max-tokens'],
      once,
      isJson: json ?? false,
    },
  }
}

function readLive(words: readonly string[], options: Values): Asked<'help'> | Asked<'live'> | Asked<'live-replay'> {
  const { help, check = false } = options
  if (help) return { command: 'help', topic: 'live' }
  const [word, trace, ...more] = words
  if (word === undefined) return { command: 'live', talk: talkOf(options) }
  const action = liveActions.find((each) => each === word)
  if (!action) throw new ConfigError([`${word} is not a command of vai live${hint(word, liveActions)}`])
  if (trace === undefined) throw new ConfigError(['vai live replay: the file of the recording is missing.'])
  if (more.length > 0) throw new ConfigError([`${more.join(' ')} is not understood; see vai live --help.`])
  return { command: 'live-replay', replay: { trace, check } }
}

function talkOf(options: Values): LiveTalkArguments {
  const { url, key, model, voice, stt, language, system, tool, out, text, json, headphones, microphone, speaker } = options
  return {
    url,
    key,
    model,
    voice,
    stt,
    language,
    system,
    tools: tool ?? [],
    providerKeys: options['provider-key'] ?? [],
    inputs: options.in ?? [],
    out,
    isText: text ?? false,
    isJson: json ?? false,
    hasHeadphones: headphones ?? false,
    hasNoAec: options['no-aec'] ?? false,
    microphone,
    speaker,
  }
}

function refuseUnless(option: string, rawName: string, known: readonly Option[], command: string): void {
  if (option === 'help' || option === 'version' || known.some((each) => each === option)) return
  const names = [...known, 'help', 'version'].map((each) => `--${each}`)
  if (Object.hasOwn(options, option) && nearest(rawName, names) === undefined)
    throw new ConfigError([`${rawName} is not an option of vai ${command}; see vai --help.`])
  throw new ConfigError([`${rawName} is not an option${hint(rawName, names)}`])
}

function strictly(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)])
  }
}

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near ? `; did you mean ${near}?` : '; see vai --help.'
}
