import type { EndReason, WarningCode } from '../plugins/live/effects.ts'

/** What clients of live sessions are told by codes, in words. Violations of the protocol have a table of their own. */

export const warnings: Readonly<Record<WarningCode | 'alignment_unavailable', string>> = {
  alignment_unavailable: 'Times of words were asked for, and this voice tells none. Once, behind `hello_ack`',
  mic_overrun: 'Sound comes faster than it is spoken, or in too large frames; some of it was dropped',
  stt_reconnecting: 'The connection to who hears is lost; what is said is kept and sent to the next one',
  tts_retry: 'The voice failed; the sentence is spoken anew',
  tts_fallback: 'It failed again; another voice goes on',
  mark_invalid: 'A mark of sound that there was not',
  tool_timeout: 'A call of a tool took too long, and was cancelled',
  turn_too_long: 'The user has said more in one turn than it may have; the rest is left out',
  answer_too_long: 'The answer is longer than what is spoken in one turn; the rest is left out',
  too_many_attachments: 'The next message has as many parts as it may have; this one was dropped',
  restarting: 'The gateway goes down; the session ends with the sentence that is being spoken',
}

interface CodeRow {
  readonly code: string
  readonly scope: 'session' | 'turn'
  /** How the socket is closed after it; undefined where it is not. */
  readonly closeCode?: number
  readonly when: string
}

export const errors: readonly CodeRow[] = [
  {
    code: 'unsupported_version',
    scope: 'session',
    closeCode: 1008,
    when: '`protocol_version` of `hello` is not one that is spoken here (in `issues`)',
  },
  { code: 'unknown_session', scope: 'session', closeCode: 1008, when: 'There is no such session to resume, or no more' },
  {
    code: 'invalid_resume_token',
    scope: 'session',
    closeCode: 1008,
    when: 'The token is not that of the last `hello_ack`',
  },
  {
    code: 'resume_too_old',
    scope: 'session',
    closeCode: 1008,
    when: 'What was missed is not kept any more: 2000 messages are, of about 500,000 characters together',
  },
  {
    code: 'session_elsewhere',
    scope: 'session',
    closeCode: 1013,
    when: 'Another process holds the session, or did until it died, in the last 15 s; [connect again](#resume), after a pause',
  },
  {
    code: 'audio_not_started',
    scope: 'session',
    when: 'Sound came without `audio_stream_start`, and was dropped. Told once',
  },
  { code: 'audio_format', scope: 'session', when: '`audio_stream_start` names another format than `hello`' },
  { code: 'no_microphone', scope: 'session', when: '`audio_stream_start` where `hello` had no `audio_in`' },
  {
    code: 'too_many_updates',
    scope: 'session',
    when: 'More turns were typed and more was changed at once than is looked at; this was dropped',
  },
  {
    code: 'history_too_long',
    scope: 'session',
    when: 'What was typed is more than the model may be asked with, together with all before; it was dropped. With `scope` `turn`: what was said is. Begin a new session, with those messages in `hello` that are still wanted',
  },
  {
    code: 'mic_overrun',
    scope: 'session',
    closeCode: 1008,
    when: 'What the warning of that name says has gone on for too long',
  },
  { code: 'stt_unavailable', scope: 'session', closeCode: 1011, when: 'Who hears cannot be reached' },
  { code: 'internal_error', scope: 'session', closeCode: 1011, when: 'The gateway failed' },
  { code: 'unknown_tool_use', scope: 'turn', when: 'A `tool_result` that nobody waits for, or not any more' },
  {
    code: 'speech_not_explicit',
    scope: 'turn',
    when: 'The model has written text without calling `talk_to_user`, where the operator is strict',
  },
]

export const ends: Readonly<Record<EndReason, { readonly closeCode: string; readonly when: string }>> = {
  end_session: { closeCode: '1000', when: '`control` `end_session`' },
  idle: { closeCode: '1000', when: 'Nobody has said anything for `limits.idle_ms`' },
  limit: { closeCode: '1000', when: 'The session has lasted for `limits.total_ms`' },
  restart: { closeCode: '1012', when: 'The gateway goes down' },
  resume_expired: {
    closeCode: '–',
    when: 'The client has not come back. It is in recordings and measurements alone: nobody is there to be told',
  },
  error: { closeCode: '1008, 1011', when: 'An `error` with `close`, just before, says why' },
}
