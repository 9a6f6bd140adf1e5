import { Agent } from 'undici'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import { Secret } from '../../../api/secret.ts'
import { geminiApi, vertexAi } from '../../../providers/gemini/index.ts'
import type { Call, LlmProvider } from '../../../providers/provider.ts'
import { type GeminiOptions, geminiKey, startGemini } from '../../upstreams/gemini.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

/** Both services: the adapter, the API's root, and where its models are. */
export const services = [
  { provider: geminiApi, service: 'gemini-api', root: '/v1beta', models: '/v1beta/models' },
  { provider: vertexAi, service: 'vertex-ai', root: '/v1', models: '/v1/publishers/google/models' },
] as const

export type Service = (typeof services)[number]

/** The simulated service, and a call to it; both end with the test. */
export async function callToGemini(
  { service, root }: Service,
  options: GeminiOptions = {},
  changes: Partial<Call> = {},
): Promise<{ upstream: Upstream; call: Call }> {
  const upstream = await startGemini({ ...options, service })
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    await upstream.close()
  })
  const call: Call = {
    model: 'gemini-3-flash-preview',
    apiKey: new Secret(geminiKey),
    baseURL: new URL(upstream.url + root),
    signal: new AbortController().signal,
    dispatcher,
    requestId: 'req_test_0001',
    headers: {},
    query: '',
    timeouts: { firstByteMs: 5000, idleMs: 5000 },
    clock: systemClock,
    log: { debug: () => undefined, warn: () => undefined },
    ...changes,
  }
  return { upstream, call }
}

/** One whole answer, which both adapters can ask for. */
export async function complete(provider: LlmProvider, ...asked: Parameters<NonNullable<LlmProvider['complete']>>) {
  if (!provider.complete) throw new Error(`${provider.id} has no whole answers`)
  return (await provider.complete(...asked)).message
}

export async function failureOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof GatewayError)) throw new Error(`no GatewayError but ${String(error)}`)
  return error
}
