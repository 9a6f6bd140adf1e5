import type { KeyObject } from 'node:crypto'
import { Secret } from '../api/secret.ts'
import type { HttpToolAuth, HttpToolDefinition } from './http-tool-definition.ts'
import { leastKeyBytes, signingKeyOf } from './signature.ts'

/** What a tool of the operator's is called with. */
export interface HttpToolKeys {
  /** The header that says who the gateway is; empty where nothing does. */
  readonly auth: Readonly<Record<string, string>>
  /** What calls are signed with; undefined where they are not. */
  readonly signing: KeyObject | undefined
  /** All that must not be read anywhere. */
  readonly secrets: readonly Secret[]
}

/** The keys that a tool names, from the environment. Those that are missing or cannot be used are told, each with its path. */
export function keysOfTool(
  { name, auth, signingKey }: Pick<HttpToolDefinition, 'name' | 'auth' | 'signingKey'>,
  variable: (name: string) => Secret | undefined,
  tell: (problem: string) => void,
): HttpToolKeys {
  const key = (name: string, path: string): Secret | undefined => {
    const secret = variable(name)
    if (!secret) tell(`${path}: the environment has no variable of this name, or an empty one`)
    return secret
  }
  const path = `tools.${name}`
  const said = auth && key(auth.variable, `${path}.auth.${memberOf[auth.kind]}`)
  const signed = signingKey === undefined ? undefined : key(signingKey, `${path}.signing_key`)
  const signing = signed && signingKeyOf(signed)
  if (signed && !signing)
    tell(`${path}.signing_key: the variable holds no key: whsec_ and Base64, or a text, of at least ${leastKeyBytes} bytes`)
  if (auth && auth.kind !== 'basic' && said && !/^[\x20-\x7e]+$/.test(said.reveal()))
    tell(`${path}.auth.${memberOf[auth.kind]}: the variable holds what no header can`)
  const [header, value] = auth && said ? headerOf(auth, said) : []
  // The proof of who calls is as good as the key: of `Basic …` the word after it.
  const proof = auth?.kind === 'basic' && value ? [new Secret(value.replace(/^Basic /, ''))] : []
  const secrets = [...(said ? [said] : []), ...proof, ...(signed ? [signed, withoutPrefix(signed)] : [])]
  return { auth: header && value ? { [header]: value } : {}, signing, secrets }
}

/** Where the variable is named in the definition. */
const memberOf = { bearer: 'bearer', header: 'value', basic: 'basic.password' } as const

function headerOf(auth: HttpToolAuth, key: Secret): readonly [name: string, value: string] {
  switch (auth.kind) {
    case 'bearer':
      return ['authorization', `Bearer ${key.reveal()}`]
    case 'header':
      return [auth.name, key.reveal()]
    case 'basic':
      return ['authorization', `Basic ${Buffer.from(`${auth.username}:${key.reveal()}`).toString('base64')}`]
  }
}

/** What a signing key is to those who have it without `whsec_`. */
function withoutPrefix(key: Secret): Secret {
  return new Secret(key.reveal().replace(/^whsec_/, ''))
}
