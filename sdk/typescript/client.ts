import { checkClientOptions } from './checks.ts'
import { merged } from './headers.ts'
import { HttpTransport } from './http-transport.ts'
import { Live } from './live.ts'
import { Messages } from './messages.ts'
import { Models } from './models.ts'
import type { ClientOptions } from './options.ts'
import { Runs } from './runs.ts'
import { type Settings, settingsOf } from './settings.ts'

/**
 * A client of a gateway. It opens nothing by itself and holds nothing that would have to be closed; its keys show up in nothing that
 * it is written as. Throws a `UsageError` where an option cannot be what it is.
 */
export class VAI {
  /** Answers of models, and how many tokens a request has. */
  readonly messages: Messages
  /** Conversations in which the gateway runs the tools. */
  readonly runs: Runs
  /** What can be asked, and what it costs. */
  readonly models: Models
  /** Conversations by voice. */
  readonly live: Live
  readonly #options: ClientOptions
  readonly #settings: Settings

  constructor(options: ClientOptions = {}) {
    this.#settings = settingsOf(options)
    this.#options = { ...options, baseURL: this.#settings.baseURL, apiKey: this.#settings.apiKey }
    const transport = new HttpTransport(this.#settings)
    this.messages = new Messages(transport, this.#settings)
    this.runs = new Runs(transport, this.#settings)
    this.models = new Models(transport)
    this.live = new Live({ ...this.#settings, dial: options.dial })
  }

  /** Where the gateway is, without `/v1`. */
  get baseURL(): string {
    return this.#settings.baseURL
  }

  /** A client like this one but for some options. Headers and keys of providers come beside those of this one, and over them. Throws a `UsageError`. */
  withOptions(options: ClientOptions): VAI {
    checkClientOptions(options)
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    return new VAI({
      ...this.#options,
      ...given,
      headers: merged(this.#options.headers, options.headers),
      providerKeys: merged(this.#options.providerKeys, options.providerKeys),
    })
  }

  /** What `JSON.stringify` makes of it: no keys. */
  toJSON(): { readonly baseURL: string } {
    return { baseURL: this.baseURL }
  }

  /** Its name and its address: no keys. */
  toString(): string {
    return `VAI(${this.baseURL})`
  }

  /** What Node shows of it. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
