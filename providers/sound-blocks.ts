import { isRecord } from '../api/json.ts'

/** A block of sound in one of the messages of a request. */
export interface SoundBlockFound {
  readonly path: readonly (string | number)[]
  readonly message: number
  readonly at: number
  readonly role: unknown
  readonly block: Readonly<Record<string, unknown>>
  readonly siblings: readonly unknown[]
}

/** The blocks of `audio` and `audio_stt` of all messages. What has another shape is passed over. */
export function* soundBlocksOf(messages: unknown): Generator<SoundBlockFound> {
  if (!Array.isArray(messages)) return
  for (let index = 0; index < messages.length; index++) {
    const message: unknown = messages[index]
    if (!isRecord(message) || !Array.isArray(message.content)) continue
    for (let at = 0; at < message.content.length; at++) {
      const block: unknown = message.content[at]
      if (!isRecord(block) || (block.type !== 'audio' && block.type !== 'audio_stt')) continue
      const path = ['messages', index, 'content', at]
      yield { path, message: index, at, role: message.role, block, siblings: message.content }
    }
  }
}
