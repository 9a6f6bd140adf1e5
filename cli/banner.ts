import type { FastifyInstance } from 'fastify'
import { authMode, type Config, credentialsMode } from '../config.ts'

/** What a person who has just started the gateway needs to know, and a request that works right away. */
export function banner(app: FastifyInstance, config: Config, version: string): string {
  const url = addressOf(app)
  const providers = app.models.registry.providers.filter((provider) => provider.upstream)
  const lines = providers.map((provider) => {
    const { keyVariables, keyHeader } = provider.upstream ?? { keyVariables: [], keyHeader: '' }
    const state = app.credentials.hasOperatorKey(provider)
      ? 'key set'
      : `no key: set ${keyVariables.join(' or ')}, or send ${keyHeader}`
    return `    ${provider.id.padEnd(12)} ${state}`
  })
  const body = JSON.stringify({
    model: exampleModel(app),
    max_tokens: 256,
    stream: true,
    messages: [{ role: 'user', content: 'Hello, gateway!' }],
  })
  return `
  VAI Gateway ${version}

  ${url}
  ${url}/docs   the contract, to read and try

  Auth ${authMode(config)}, provider keys ${credentialsMode(config)}
${lines.join('\n')}

  Try it:
    curl -N ${url}/v1/messages -H 'content-type: application/json' -d '${body}'
`
}

/** A model that answers: a demo where there is one, else one whose key is set. */
function exampleModel(app: FastifyInstance): string {
  const { data } = app.models.list({})
  const answering = app.models.registry.providers.filter(
    (provider) => !provider.upstream || app.credentials.hasOperatorKey(provider),
  )
  const model = data.find(({ demo }) => demo) ?? data.find(({ owned_by: owner }) => answering.some(({ id }) => id === owner))
  return model?.id ?? data[0]?.id ?? 'provider/model'
}

function addressOf(app: FastifyInstance): string {
  const address = app.server.address()
  if (typeof address !== 'object' || address === null) return 'not listening'
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
