import { GatewayError } from '../../../api/error.ts'
import type { Alignment, TtsEvent, TtsOptions } from '../../../providers/speech.ts'
import { speechCall, type TestCall } from '../../speech-call.ts'
import { elevenLabsKey, knownVoices } from '../../upstreams/elevenlabs.ts'

export const voice = knownVoices[0] ?? ''
export const pcm: TtsOptions = { voice, format: { encoding: 'pcm', rate: 24_000 } }

export function callTo(url: string, model = 'eleven_flash_v2_5', changes: Parameters<typeof speechCall>[3] = {}): TestCall {
  return speechCall(url, elevenLabsKey, model, changes)
}

export function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
}

export function timesIn(events: readonly TtsEvent[]): Alignment[] {
  return events.flatMap((event) => (event.type === 'alignment' ? [event] : []))
}

/** What an iteration fails with. */
export async function failureOf(events: AsyncIterable<TtsEvent>): Promise<unknown> {
  try {
    for await (const event of events) void event
  } catch (reason) {
    return reason
  }
  return undefined
}

/** The same, where it is one of the gateway's own. */
export async function gatewayErrorOf(events: AsyncIterable<TtsEvent>): Promise<GatewayError> {
  const reason = await failureOf(events)
  if (reason instanceof GatewayError) return reason
  throw new Error(`not a GatewayError: ${String(reason)}`)
}
