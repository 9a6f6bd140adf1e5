import type { FastifyInstance } from 'fastify'
import { authMode, type Config, credentialsMode, type Reached } from '../config.ts'
import { presetNames } from '../providers/openai-compatible.ts'
import { type FoundOllama, ollama as preset } from './ollama.ts'

/** What a person who has just started the gateway needs to know, and a request that works right away. */
export function banner(app: FastifyInstance, config: Config, version: string, ollama?: FoundOllama): string {
  const url = addressOf(app)
  const providers = app.models.registry.providers.filter((provider) => provider.upstream)
  const others = config.speech.filter(({ id, upstream }) => upstream && !providers.some((provider) => provider.id === id))
  const width = Math.max(12, ...[...providers, ...others].map(({ id }) => id.length))
  const lineOf = (each: Reached, what: string): string => `    ${each.id.padEnd(width)} ${stateOf(app, each, ollama)}${what}`
  const lines = [
    ...providers.map((provider) => lineOf(provider, '')),
    ...others.map((vendor) => lineOf(vendor, ` (${vendor.stt ? (vendor.tts ? 'hears and speaks' : 'hears') : 'speaks'})`)),
  ]
  const { model, keyHeader } = example(app)
  const headers = [
    'content-type: application/json',
    ...(authMode(config) === 'required' ? ['x-api-key: YOUR-GATEWAY-KEY'] : []),
    ...(keyHeader ? [`${keyHeader}: YOUR-KEY`] : []),
  ]
  const body = JSON.stringify({
    model,
    max_tokens: 256,
    stream: true,
    messages: [{ role: 'user', content: 'Hello, gateway!' }],
  })
  return `
  VAI Gateway ${version}

  ${url}
  ${url}/docs   the contract, to read and try

  Auth ${authMode(config)}${keysOf(app)}, provider keys ${credentialsMode(config)}
${lines.join('\n')}
${offer(config, ollama)}
  Try it:
    curl -N ${url}/v1/messages ${headers.map((header) => `-H '${header}'`).join(' ')} -d '${body}'
`
}

function keysOf({ auth: { mode, keyCount } }: FastifyInstance): string {
  const count = keyCount === 1 ? '1 gateway key' : `${keyCount} gateway keys`
  if (mode === 'disabled') return keyCount > 0 ? ` (${count}, which nobody is asked for)` : ''
  return ` with ${count}`
}

/** Whether a provider can be called as it is, and if not, what it needs. */
function stateOf(app: FastifyInstance, provider: Reached, ollama: FoundOllama | undefined): string {
  const { keyVariables, keyHeader, keyOptional } = provider.upstream ?? { keyVariables: [], keyHeader: '' }
  const models = ollama?.providerId === provider.id ? `, ${counted(ollama.models)}` : ''
  if (app.credentials.hasOperatorKey(provider)) return `key set${models}`
  if (keyOptional) return `needs no key${models}`
  return `no key: set ${keyVariables.join(' or ')}, or send ${keyHeader}`
}

/** What to do with an Ollama that is there but is no provider yet. */
function offer(config: Config, ollama: FoundOllama | undefined): string {
  if (!ollama || ollama.providerId) return ''
  const own = config.providers.flatMap(({ id }) => (presetNames.includes(id) ? [id] : []))
  const [model] = ollama.models
  const then = model ? `; then call ${preset}/${model}` : ''
  return `
  Ollama runs on this machine with ${counted(ollama.models)}. To use it, set VAI_PROVIDERS=${[...own, preset].join(',')}${then}
`
}

function counted(models: readonly string[]): string {
  return models.length === 1 ? '1 model' : `${models.length} models`
}

/** A model that answers: a demo where there is one, else one whose key is set, else any, with the header for a key. */
function example(app: FastifyInstance): { model: string; keyHeader: string | undefined } {
  const { data } = app.models.list({}, { mayUse: () => true })
  const { providers } = app.models.registry
  const needsKey = (id: string): string | undefined => {
    const provider = providers.find((each) => each.id === id)
    if (!provider?.upstream || provider.upstream.keyOptional || app.credentials.hasOperatorKey(provider)) return undefined
    return provider.upstream.keyHeader
  }
  const model = data.find(({ demo }) => demo) ?? data.find((each) => !needsKey(each.owned_by)) ?? data[0]
  return { model: model?.id ?? 'provider/model', keyHeader: model && needsKey(model.owned_by) }
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address()
  if (typeof address !== 'object' || address === null) return 'not listening'
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
