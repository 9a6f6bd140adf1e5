import type { LiveLimits } from '../../../api/schemas.gen.ts'

/** What `hello_ack` tells of limits, where nobody looks at it. */
export const toldLimits: LiveLimits = {
  message_bytes: 1,
  audio_frame_bytes: 1,
  messages_per_second: 1,
  text_characters: 1,
  resume_ms: 1,
  idle_ms: 1,
  total_ms: 1,
  unplayed_ms: 1,
}
