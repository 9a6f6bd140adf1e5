import { exits } from '../live/ending.ts'
import type { Environment } from '../live/options.ts'
import { ChatProblem } from './problem.ts'

/** What `vai chat` is asked for, as it stands on the command line. */
export interface ChatArguments {
  readonly url: string | undefined
  readonly key: string | undefined
  readonly model: string | undefined
  readonly system: string | undefined
  /** Names with commas between them. */
  readonly tools: string | undefined
  /** Each `PROVIDER=VARIABLE`. */
  readonly providerKeys: readonly string[]
  readonly maxTokens: string | undefined
  /** The only question. */
  readonly once: string | undefined
  readonly isJson: boolean
}

/** Where the gateway is, and who asks it. */
export interface Access {
  /** Without `/v1`. */
  readonly address: string
  readonly key: string | undefined
  readonly providerKeys: Readonly<Record<string, string>>
}

/** Who answers, and with what. Commands change it. */
export interface Asking {
  readonly model: string
  readonly system: string | undefined
  /** The gateway's tools that the model may call. */
  readonly tools: readonly string[]
  readonly maxTokens: number | undefined
}

/** Throws a `ChatProblem` where the address is none, or a key is missing. */
export function accessOf({ url, key, providerKeys }: ChatArguments, environment: Environment): Access {
  return {
    address: addressOf(url ?? given(environment.VAI_BASE_URL) ?? usualUrl),
    key: given(key ?? environment.VAI_API_KEY),
    providerKeys: keysOf(providerKeys, environment),
  }
}

/** Throws a `ChatProblem` where a value cannot be. */
export function askingOf({ model, system, tools, maxTokens }: ChatArguments, environment: Environment): Asking {
  if (maxTokens !== undefined && !/^[1-9]\d{0,8}$/.test(maxTokens)) {
    throw misused('--max-tokens: a whole number from 1 on is expected.')
  }
  return {
    model: given(model ?? environment.VAI_MODEL) ?? usualModel,
    system: given(system),
    tools: namesIn(tools ?? ''),
    maxTokens: maxTokens === undefined ? undefined : Number(maxTokens),
  }
}

/** The names of a list with commas, each once. */
export function namesIn(list: string): readonly string[] {
  return [...new Set(list.split(',').map((name) => name.trim()))].filter((name) => name !== '')
}

/** Whether a key would be sent where others could read it on its way. */
export function isKeyInClear({ address, key, providerKeys }: Access): boolean {
  const { protocol, hostname } = new URL(address)
  const hasKey = key !== undefined || Object.keys(providerKeys).length > 0
  return hasKey && protocol === 'http:' && !/^(?:localhost|\[::1\]|127\.[\d.]+)$/.test(hostname)
}

const usualUrl = 'http://127.0.0.1:8080'
const usualModel = 'demo/echo'
/** The address of live sessions is the same gateway's. */
const protocols: Readonly<Record<string, string>> = { 'http:': 'http:', 'https:': 'https:', 'ws:': 'http:', 'wss:': 'https:' }

function addressOf(url: string): string {
  const address = URL.canParse(url) ? new URL(url) : undefined
  const protocol = address && protocols[address.protocol]
  // The address is not repeated where it may hold a key.
  if (address && (address.username !== '' || address.password !== '' || address.search !== '')) {
    throw misused('--url: a key stands in VAI_API_KEY, not in the address.')
  }
  if (!address || !protocol) throw misused(`--url: an address as ${usualUrl} or https://… is expected.`)
  return `${protocol}//${address.host}${address.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`
}

function keysOf(pairs: readonly string[], environment: Environment): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, provider, variable] = /^([a-z][a-z0-9-]*)=([A-Za-z_]\w*)$/.exec(pair) ?? []
      // The pair is not repeated: where it is none, it may be the key itself.
      if (provider === undefined || variable === undefined) {
        throw misused('--provider-key: PROVIDER=VARIABLE is expected, as openai=OPENAI_API_KEY: the variable that holds the key.')
      }
      const key = given(environment[variable])
      if (key === undefined) throw misused(`--provider-key: the variable ${variable} holds no key.`)
      return [provider, key]
    }),
  )
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function misused(message: string): ChatProblem {
  return new ChatProblem(message, exits.misused)
}
