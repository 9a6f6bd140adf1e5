import { checkClientOptions } from './checks.ts'
import { environment } from './environment.ts'
import { UsageError } from './errors.ts'
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
  const surroundings = fromEnvironment(options)
  checkClientOptions(surroundings, ' of the environment')
  const all: ClientOptions = { ...options, ...surroundings }
  return {
    baseURL: rootOf(String(all.baseURL ?? 'http://127.0.0.1:8080')),
    apiKey: all.apiKey,
    providerKeys: all.providerKeys ?? {},
    defaultModel: all.defaultModel,
    // Looked up with each request, and called as what it is: a function of the global object.
    fetch: all.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    timeout: all.timeout ?? 600_000,
    streamTimeout: all.streamTimeout ?? 60_000,
    maxRetries: all.maxRetries ?? 2,
    logger: all.logger && isolated(all.logger),
    headers: all.headers ?? {},
  }
}

/** The model that a request is for. Throws a `UsageError` where nobody names one. */
export function modelOf(
  { model }: { readonly model?: string | undefined },
  { defaultModel }: Pick<Settings, 'defaultModel'>,
): string {
  const named = model ?? defaultModel
  if (named === undefined) throw new UsageError('There is no model: name one in `model`, or give the client a `defaultModel`.')
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

function fromEnvironment({ baseURL, apiKey }: ClientOptions): ClientOptions {
  return {
    ...(baseURL === undefined && { baseURL: environment('VAI_BASE_URL') }),
    ...(apiKey === undefined && { apiKey: environment('VAI_API_KEY') }),
  }
}

function rootOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/+$/, '').replace(/\/v1$/, '').replace(/\/+$/, '')
}
