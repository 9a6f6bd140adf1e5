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
  const { model, keyHeader } = example(app)
  const key = keyHeader ? ` -H '${keyHeader}: YOUR-KEY'` : ''
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

  Auth ${authMode(config)}, provider keys ${credentialsMode(config)}
${lines.join('\n')}

  Try it:
    curl -N ${url}/v1/messages -H 'content-type: application/json'${key} -d '${body}'
`
}

/** A model that answers: a demo where there is one, else one whose key is set, else any, with the header for a key. */
function example(app: FastifyInstance): { model: string; keyHeader: string | undefined } {
  const { data } = app.models.list({})
  const { providers } = app.models.registry
  const needsKey = (id: string): string | undefined => {
    const provider = providers.find((each) => each.id === id)
    return provider?.upstream && !app.credentials.hasOperatorKey(provider) ? provider.upstream.keyHeader : undefined
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
