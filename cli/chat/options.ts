import { addressOf, type Environment, given, type Keys, keysOf } from '../access.ts'
import { misused } from '../ending.ts'

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
export interface Access extends Keys {
  /** Without `/v1`. */
  readonly address: string
}

/** Who answers, and with what. Commands change it. */
export interface Asking {
  readonly model: string
  readonly system: string | undefined
  /** The gateway's tools that the model may call. */
  readonly tools: readonly string[]
  readonly maxTokens: number | undefined
}

/** Throws a `Problem` where the address is none, or a key is missing. */
export function accessOf(args: ChatArguments, environment: Environment): Access {
  return { address: addressOf(args, environment), ...keysOf(args, environment) }
}

/** Throws a `Problem` where a value cannot be. */
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

const usualModel = 'demo/echo'
