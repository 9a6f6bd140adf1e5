import { isRecord, parseJson } from '../../api/json.ts'
import type { LiveServerMessage } from '../../api/schemas.gen.ts'

/** A message of the gateway; undefined for what is none. Types that are not known here are left out, as the contract has it. */
export function serverMessageIn(text: string): LiveServerMessage | 'unknown' | undefined {
  const value = parseJson(text)
  if (!isRecord(value) || typeof value.type !== 'string') return undefined
  return isServerMessage(value) ? value : 'unknown'
}

/** Of the types that there are the gateway keeps its contract. */
function isServerMessage(value: Record<string, unknown>): value is LiveServerMessage & Record<string, unknown> {
  return typeof value.type === 'string' && Object.hasOwn(types, value.type) && typeof value.seq === 'number'
}

/** Complete by its type: a message that the contract gains does not compile until it stands here. */
const types: Readonly<Record<LiveServerMessage['type'], true>> = {
  hello_ack: true,
  transcript_delta: true,
  utterance_final: true,
  turn_state: true,
  assistant_text_delta: true,
  assistant_audio_start: true,
  assistant_audio_chunk_header: true,
  assistant_audio_chunk: true,
  assistant_audio_end: true,
  audio_reset: true,
  tool_call: true,
  run_event: true,
  turn_complete: true,
  turn_cancelled: true,
  turn_metrics: true,
  audio_unavailable: true,
  warning: true,
  error: true,
  session_end: true,
}
