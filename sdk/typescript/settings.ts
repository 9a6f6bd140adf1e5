import { checkClientOptions, checkVariables } from './checks.ts'
import { environment } from './environment.ts'
import { UsageError } from './errors.ts'
import { isRecord } from './generated/json.gen.ts'
import type { ClientOptions, Fetch, Logger } from './options.ts'

/** What a client is set to: its options, checked, with the environment's and the usual values for those that are absent. */
export interface Settings {
  /** Without `/v1` and without a slash at the end. */
  readonly baseURL: string
  readonly apiKey: string | undefined
  readonly providerKeys: Readonly<Record<string, string | undefined>>
  readonly defaultModel: string | undefined
  readonly fetch: Fetch
  readonly timeout: number
  readonly streamTimeout: number
  readonly maxRetries: number
  readonly logger: Logger | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** Throws a `UsageError`. */
export function settingsOf(options: ClientOptions): Settings {
  checkClientOptions(options)
  const { baseURL = environment('VAI_BASE_URL'), apiKey = environment('VAI_API_KEY') } = options
  // What the options say has passed already.
  checkVariables({ VAI_BASE_URL: baseURL, VAI_API_KEY: apiKey })
  return {
    baseURL: rootOf(String(baseURL ?? 'http://127.0.0.1:8080')),
    apiKey,
    providerKeys: options.providerKeys ?? {},
    defaultModel: options.defaultModel,
    // Looked up with each request, and called as what it is: a function of the global object.
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    timeout: options.timeout ?? 600_000,
    streamTimeout: options.streamTimeout ?? 60_000,
    maxRetries: options.maxRetries ?? 2,
    logger: options.logger && isolated(options.logger),
    headers: options.headers ?? {},
  }
}

/** The model that a request is for. Throws a `UsageError` where nobody names one, or its parameters are none. */
export function modelOf(
  params: { readonly model?: string | undefined },
  { defaultModel }: Pick<Settings, 'defaultModel'>,
): string {
  if (!isRecord(params)) throw new UsageError('The parameters are no object.')
  const named = params.model ?? defaultModel
  if (named === undefined) throw new UsageError('There is neither a `model` nor a `defaultModel`.')
  return named
}

/** Whatever becomes of what a logger is told, it is nothing to the request. */
function isolated(logger: Logger): Logger {
  const telling =
    (level: keyof Logger): Logger[typeof level] =>
    async (message, details) => {
      try {
        await logger[level](message, details)
      } catch {
        // There is nobody else to tell.
      }
    }
  return { debug: telling('debug'), info: telling('info'), warn: telling('warn'), error: telling('error') }
}

function rootOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+(?:v1\/*)?$/, '')
}
