import { GatewayError } from './error.ts'

/** A provider or a service, as far as it is told whose key is missing. */
export interface Keyless {
  readonly id: string
  readonly name: string
  readonly upstream?: { readonly keyHeader: string; readonly keyVariables: readonly string[] } | undefined
}

/** There is no key for any of these, and whoever calls may bring one. `param` is the header of the first. */
export class MissingProviderKey extends GatewayError {
  readonly ids: readonly string[]
  readonly #all: readonly Keyless[]
  readonly #operatorHelps: boolean

  /** `operatorHelps`: whether a key of the operator's would do. */
  constructor(all: readonly Keyless[], operatorHelps: boolean) {
    const [first] = headersOf(all)
    super('missing_provider_key', { param: first ?? '', message: messageOf(all, operatorHelps, '') })
    this.ids = all.map(({ id }) => id)
    this.#all = all
    this.#operatorHelps = operatorHelps
  }

  /** What is to be done, told to somebody who may send the key in another way, too; that comes before the header, and ends with a space. */
  messageWith(otherWay: string): string {
    return messageOf(this.#all, this.#operatorHelps, otherWay)
  }
}

/** Names, any of which would do: `A, B or C`. */
export function anyOf(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length > 2 ? `${names.slice(0, -1).join(', ')} or ${last}` : names.join(' or ')
}

function messageOf(all: readonly Keyless[], operatorHelps: boolean, otherWay: string): string {
  const variables = all.flatMap(({ upstream }) => upstream?.keyVariables ?? [])
  const names = anyOf(all.map(({ name }) => name))
  const send = all.length === 1 ? 'send yours' : 'send one of yours'
  const operators = operatorHelps ? `, or start the gateway with ${anyOf(variables)} set` : ''
  return `There is no key for ${names}: ${send} ${otherWay}in the header ${anyOf(headersOf(all))}${operators}.`
}

function headersOf(all: readonly Keyless[]): string[] {
  return all.flatMap(({ upstream }) => upstream?.keyHeader ?? [])
}
