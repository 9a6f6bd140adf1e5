import { isRecord, parseJson } from '../generated/json.gen.ts'
import type { LiveHelloAck, LiveServerMessage } from '../generated/types.gen.ts'

/**
 * A message of the gateway; undefined for what is none. Of the types that there are the gateway keeps its contract. A type that is not known
 * here comes as it is.
 */
export function serverMessageIn(text: string): LiveServerMessage | undefined {
  const value = parseJson(text)
  return isServerMessage(value) ? value : undefined
}

/** Whether it has what a session cannot be kept without. */
export function isWhole({ session_id, resume_token, limits, audio_out }: LiveHelloAck): boolean {
  return (
    typeof session_id === 'string' &&
    typeof resume_token === 'string' &&
    isRecord(audio_out) &&
    isRecord(limits) &&
    typeof limits.resume_ms === 'number'
  )
}

function isServerMessage(value: unknown): value is LiveServerMessage {
  return isRecord(value) && typeof value.type === 'string' && typeof value.seq === 'number'
}
