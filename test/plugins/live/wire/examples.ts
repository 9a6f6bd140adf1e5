import { openapiJson } from '../../../../api/openapi.gen.ts'
import type { LiveClientMessage, LiveServerMessage } from '../../../../api/schemas.gen.ts'

interface Media<T> {
  readonly examples: Readonly<Record<string, { readonly value: T }>>
}
interface Contract {
  readonly paths: {
    readonly '/v1/live': {
      readonly get: {
        readonly responses: {
          readonly '101': {
            readonly content: {
              readonly 'application/vnd.vai.live.client+json': Media<LiveClientMessage>
              readonly 'application/vnd.vai.live.server+json': Media<LiveServerMessage>
            }
          }
        }
      }
    }
  }
}

const contract: Contract = JSON.parse(openapiJson)
const { content } = contract.paths['/v1/live'].get.responses['101']

/** The contract's examples of what a client sends. */
export const clientMessages = Object.values(content['application/vnd.vai.live.client+json'].examples).map(({ value }) => value)

/** The contract's examples of what a client is sent. */
export const serverMessages = Object.values(content['application/vnd.vai.live.server+json'].examples).map(({ value }) => value)
