import { sleep } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { parseJson } from '../../api/json.ts'
import { leastSecret, placeholder, type Secret } from '../../api/secret.ts'
import {
  type Line,
  readErrorBody,
  readText,
  retryAfterOf,
  send,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../providers/http.ts'
import type { Service, ToolCall } from '../tool.ts'
import { type Failure, type Fault, faultOfStatus, reported, saidIn, unanswered } from './failure.ts'

/** How a vendor is asked, and how it says no. */
export interface Vendor {
  readonly service: Service
  /** What carries the key. */
  headers(apiKey: Secret): Readonly<Record<string, string>>
  /** What a refusal means, where this vendor's own codes say more than the status does. */
  refusal?(status: number, body: unknown): Fault | undefined
}

/**
 * Asks a vendor once and gives back the JSON of its answer. One that is busy, or that broke the connection, is asked a second time
 * where its `retry-after` is short.
 *
 * Throws a `ToolError` in words for the model where there is no answer, where it is larger than `maxBytes`, or where it is no JSON;
 * and the signal's reason where the call's signal has aborted.
 */
export async function ask(call: ToolCall, vendor: Vendor, request: UpstreamRequest, maxBytes: number): Promise<unknown> {
  const began = call.clock.now()
  const first = await attempt(call, vendor, request, maxBytes)
  if (!('fault' in first)) return first.answer
  const waitMs = retryWait(first, call.timeoutMs - (call.clock.now() - began), call.timeoutMs)
  if (waitMs === undefined) throw reported(first, call, vendor.service)
  call.log.debug({ service: vendor.service.id, fault: first.fault, waitMs }, 'a service is asked again')
  await sleep(call.clock, waitMs, call.signal)
  const second = await attempt(call, vendor, request, maxBytes)
  if ('fault' in second) throw reported(second, call, vendor.service)
  return second.answer
}

/** Milliseconds until the second attempt; undefined where there is to be none. */
function retryWait({ fault, retryAfter }: Failure, leftMs: number, timeoutMs: number): number | undefined {
  if (fault !== 'rate' && fault !== 'busy' && fault !== 'disconnected') return undefined
  const waitMs = retryAfter === undefined ? pauseMs[fault] : retryAfter * 1000
  // The second attempt may take as long as a first one: half of all the time is kept for it.
  return waitMs <= maxWaitMs && leftMs - waitMs >= timeoutMs / 2 ? waitMs : undefined
}

/** Where the service does not say how long. Plans that count requests mostly count those of a second. */
const pauseMs = { rate: 1000, busy: 250, disconnected: 0 } as const
const maxWaitMs = 3000

async function attempt(
  call: ToolCall,
  vendor: Vendor,
  request: UpstreamRequest,
  maxBytes: number,
): Promise<{ readonly answer: unknown } | Failure> {
  const { service, apiKey, baseURL } = accessOf(call, vendor.service)
  const line: Line = {
    signal: call.signal,
    // The call's own signal is what bounds it; the parts of it may take as long as the whole.
    timeouts: { firstByteMs: call.timeoutMs, idleMs: call.timeoutMs },
    clock: call.clock,
    baseURL,
    dispatcher: call.dispatcher,
    ...(call.trace && { trace: call.trace }),
  }
  const headers = { accept: 'application/json', ...vendor.headers(apiKey), ...request.headers }
  try {
    const response = await send(line, service.id, { ...request, headers })
    if (response.status < 200 || response.status > 299) return await refused(response, vendor, line, apiKey)
    return await answered(response, service, apiKey, maxBytes)
  } catch (cause) {
    call.signal.throwIfAborted()
    if (cause instanceof GatewayError) return unanswered(cause)
    throw cause
  }
}

function accessOf(call: ToolCall, service: Service): NonNullable<ToolCall['service']> {
  if (call.service?.service.id !== service.id) throw new Error(`the call brings no key for ${service.id}`)
  return call.service
}

async function answered(
  response: UpstreamResponse,
  service: Service,
  apiKey: Secret,
  maxBytes: number,
): Promise<{ readonly answer: unknown } | Failure> {
  if (String(response.headers['content-type'] ?? '').startsWith('text/event-stream')) {
    response.body.abort(new Error('a stream is not wanted'))
    return { fault: 'unreadable' }
  }
  const text = await readText(response, service.name, maxBytes)
  const key = apiKey.reveal()
  // A server that repeats what it was asked with would hand the key on to the model.
  const answer = parseJson(key.length < leastSecret ? text : text.replaceAll(key, placeholder))
  return answer === undefined ? { fault: 'unreadable' } : { answer }
}

async function refused(response: UpstreamResponse, vendor: Vendor, line: Line, apiKey: Secret): Promise<Failure> {
  const { status, headers } = response
  const text = await readErrorBody(response, line)
  const body = parseJson(text)
  return {
    fault: vendor.refusal?.(status, body) ?? faultOfStatus(status),
    status,
    said: saidIn(body, apiKey),
    retryAfter: retryAfterOf(headers, line.clock.wallclock()),
  }
}
