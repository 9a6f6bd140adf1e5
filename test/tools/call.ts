import { Agent } from 'undici'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../api/clock.ts'
import { Secret } from '../../api/secret.ts'
import type { Service, ToolCall } from '../../tools/tool.ts'

export interface TestCall {
  readonly service: Service
  readonly url: string
  readonly key: string
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  readonly maxResultBytes?: number
  readonly clock?: Clock
}

/** A call of a tool as the gateway makes it, and what was logged of it, as text. Its connections end with the test. */
export function callOf(options: TestCall): { readonly call: ToolCall; readonly logLines: readonly string[] } {
  const { service, url, key, signal = new AbortController().signal, timeoutMs = 30_000, clock = systemClock } = options
  const { maxResultBytes = 131_072 } = options
  const logLines: string[] = []
  const note = (level: string) => (fields: object, message: string) =>
    void logLines.push(JSON.stringify({ level, ...fields, message }))
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  const call: ToolCall = {
    id: 'toolu_1',
    requestId: 'req_1',
    tenant: undefined,
    service: { service, apiKey: new Secret(key), baseURL: new URL(url) },
    signal,
    timeoutMs,
    maxResultBytes,
    clock,
    log: { debug: note('debug'), warn: note('warn') },
    dispatcher,
    trace: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    readPage: () => Promise.reject(new Error('no page is read here')),
  }
  return { call, logLines }
}
