import type { SttOptions, TurnOptions } from '../speech.ts'
import { streamRate } from './capabilities.ts'
import type { HearingTraits, RealtimeDialect } from './dialect.ts'
import { transcriptionSession } from './encode.ts'

/** What is said to a socket that hears. */

/** The first message: what will be heard, and how turns are told apart. */
export function sessionUpdate(
  model: string,
  options: SttOptions & TurnOptions,
  traits: HearingTraits,
  { session }: RealtimeDialect,
): string {
  const transcription = transcriptionSession(model, options, traits)
  const turns = turnDetection(options, traits)
  if (session === 'flat') {
    return JSON.stringify({
      type: 'session.update',
      session: { input_audio_transcription: transcription, ...(turns && { turn_detection: turns }) },
    })
  }
  const input = { format: { type: 'audio/pcm', rate: streamRate }, transcription, turn_detection: turns }
  return JSON.stringify({ type: 'session.update', session: { type: 'transcription', audio: { input } } })
}

/** Null where each turn has to be committed. What was said tells better than silence, so that it goes first where both are asked for. */
function turnDetection({ silenceMs, endThreshold }: TurnOptions, { turns = 'none' }: HearingTraits): object | null {
  if (turns === 'none') return null
  if (turns === 'semantic' && endThreshold !== undefined) return { type: 'semantic_vad', eagerness: eagernessFor(endThreshold) }
  return { type: 'server_vad', ...(silenceMs !== undefined && { silence_duration_ms: Math.max(1, Math.round(silenceMs)) }) }
}

/** Who has to be certain is not eager. */
function eagernessFor(endThreshold: number): 'low' | 'medium' | 'high' {
  if (endThreshold < 1 / 3) return 'high'
  return endThreshold < 2 / 3 ? 'medium' : 'low'
}

/** A piece of sound. Base64 needs no escaping. */
export function appendMessage(base64: string): string {
  return `{"type":"input_audio_buffer.append","audio":"${base64}"}`
}

export const commitMessage = '{"type":"input_audio_buffer.commit"}'
