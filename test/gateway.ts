import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import type { ErrorResponse, Message } from '../api/schemas.gen.ts'
import { Secret } from '../api/secret.ts'
import { buildApp, type Parts } from '../app.ts'
import { loadConfig } from '../config.ts'
import { problemsWith } from './contract-schemas.ts'

/** The gateway as it would run, on a free port of this machine. */
export interface Gateway {
  readonly url: string
  readonly app: FastifyInstance
  /** Every line that was logged, as text. */
  readonly logLines: readonly string[]
  /** Resolves with the first log line, past or to come, that holds a text. */
  logged(text: string): Promise<string>
  /** `POST /v1/messages` (or another path) with a JSON body. */
  post(body: unknown, headers?: Record<string, string>, path?: string): Promise<Response>
  close(): Promise<void>
}

export interface GatewayOptions {
  /** Settings as environment variables. */
  readonly env?: Readonly<Record<string, string>>
  /** The operator's keys by provider. */
  readonly keys?: Readonly<Record<string, string>>
  readonly parts?: Partial<Parts>
  /** Adds what a test needs beside the gateway's own routes. */
  readonly routes?: (app: FastifyInstance) => Promise<void>
}

/** Starts a gateway; retries wait next to nothing, so that no test waits for a clock. */
export async function startGateway({ env = {}, keys = {}, parts = {}, routes }: GatewayOptions = {}): Promise<Gateway> {
  // A busy machine is no gateway with too much to do.
  const usual = { VAI_PORT: '0', VAI_LOG_LEVEL: 'trace', VAI_SHED_EVENT_LOOP_DELAY_MS: '0' }
  const config = await loadConfig({ ...usual, ...env })
  const logLines: string[] = []
  const waiting = new Map<string, (line: string) => void>()
  const log = (line: string): void => {
    logLines.push(line)
    for (const [text, resolve] of waiting) if (line.includes(text)) resolve(line)
  }
  const app = await buildApp(config, {
    operatorKeys: new Map(Object.entries(keys).map(([id, key]) => [id, new Secret(key)])),
    version: '0.0.0-test',
    contract: new URL('../openapi.yaml', import.meta.url),
    logDestination: { write: log },
    ...parts,
  })
  if (routes) await app.register(routes)
  const url = await app.listen({ host: config.host, port: config.port })
  return {
    url,
    app,
    logLines,
    logged(text) {
      const line = logLines.find((each) => each.includes(text))
      return line ? Promise.resolve(line) : new Promise((resolve) => waiting.set(text, resolve))
    },
    post: (body, headers = {}, path = '/v1/messages') =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    close: () => app.close(),
  }
}

/** The error of an answer that is one, as the contract has it. */
export async function errorOf(response: Response): Promise<ErrorResponse['error']> {
  const body: ErrorResponse = JSON.parse(await response.text())
  expect(problemsWith('ErrorResponse', body)).toEqual([])
  return body.error
}

/** The message of an answer that is one, as the contract has it. */
export async function messageOf(response: Response): Promise<Message> {
  const message: Message = JSON.parse(await response.text())
  expect(problemsWith('Message', message)).toEqual([])
  return message
}
