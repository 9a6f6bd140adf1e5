import type { Issue, LiveError, LiveWarning } from '../../../api/schemas.gen.ts'

/** What a client did that the protocol does not allow, and what is to be done about it. */
export interface Violation {
  readonly code: ViolationCode
  readonly message: string
  /** The path of the first wrong field, as far as it is one. */
  readonly param?: string
  /** Everything that is wrong with the message, where its fields are. */
  readonly issues?: readonly Issue[]
}

export type ViolationCode = keyof typeof violations

/**
 * `close`: an `error`, then the socket is closed. `error` and `warning`: a message of that type, and the session goes on without what was wrong;
 * too many of them (`Patience`) are a violation of their own. `dropped`: nothing is said.
 */
export type ViolationRow = { readonly when: string; readonly message: string } & (
  | { readonly answer: 'close'; readonly closeCode: 1003 | 1007 | 1008 | 1009 }
  | { readonly answer: 'error' | 'warning' | 'dropped' }
)

/** Every violation of the protocol: when it is one, what the client is told, and how its socket is closed where it is. */
export const violations = {
  hello_expected: {
    when: 'The first message is not `hello`',
    message: 'The first message must be `hello`.',
    answer: 'close',
    closeCode: 1008,
  },
  hello_timeout: {
    when: '`hello` does not come in time',
    message: '`hello` did not come in time.',
    answer: 'close',
    closeCode: 1008,
  },
  hello_repeated: {
    when: '`hello` comes again',
    message: '`hello` is sent once, as the first message.',
    answer: 'close',
    closeCode: 1008,
  },
  invalid_json: {
    when: 'A text frame is not JSON in UTF-8',
    message: 'The message is not valid JSON.',
    answer: 'close',
    closeCode: 1007,
  },
  invalid_msgpack: {
    when: 'A binary frame is not one value in MessagePack, or holds an extension type or a key that is not text',
    message: 'The message is not valid MessagePack.',
    answer: 'close',
    closeCode: 1007,
  },
  invalid_message: {
    when: 'A message has an unknown type, an unknown field, a wrong value, a key twice, a number that reading would change, or more than 128 levels, 10,000 values, or 250,000 in `hello`; `issues` has all that is wrong',
    message: 'The message is not valid.',
    answer: 'error',
  },
  too_many_errors: {
    when: 'More than 20 messages in a minute are answered with an error or a warning of this table',
    message: 'Too many messages were not valid.',
    answer: 'close',
    closeCode: 1008,
  },
  unexpected_binary: {
    when: 'A binary frame comes where `audio_transport` is `base64_json`',
    message: 'Sound was agreed to come as base64 within `audio_frame`, not as binary frames.',
    answer: 'close',
    closeCode: 1003,
  },
  unexpected_text: {
    when: 'A text frame comes where the subprotocol is MessagePack',
    message: 'Messages are MessagePack in binary frames here, by the subprotocol.',
    answer: 'close',
    closeCode: 1003,
  },
  unexpected_audio_frame: {
    when: '`audio_frame` comes where sound is agreed to come as binary frames',
    message: 'Sound was agreed to come as binary frames, not within `audio_frame`.',
    answer: 'close',
    closeCode: 1003,
  },
  unexpected_sound: {
    when: 'Sound comes where `hello` had no `audio_in`',
    message: 'No sound was agreed: `hello` had no `audio_in`.',
    answer: 'close',
    closeCode: 1003,
  },
  half_sample: {
    when: 'A frame of PCM has an odd number of bytes',
    message: 'A frame of sound ends in the middle of a sample: its bytes are an odd number.',
    answer: 'close',
    closeCode: 1007,
  },
  empty_frame: {
    when: 'A frame of sound has no bytes',
    message: 'A frame of sound is empty.',
    answer: 'error',
  },
  frame_out_of_order: {
    when: 'The `seq` of `audio_frame` is not larger than that of the frame before; the frame is dropped',
    message: 'The `seq` of a frame of sound is not larger than that of the one before. The frame was dropped.',
    answer: 'warning',
  },
  message_too_large: {
    when: 'A message is larger than `limits.message_bytes`; or more than 256 KiB come before it is known whose the socket is, as long as the key did not come with the upgrade',
    message: 'The message is too large.',
    answer: 'close',
    closeCode: 1009,
  },
  too_many_messages: {
    when: 'Messages besides sound come faster than `limits.messages_per_second`, or more bytes of them than one of `limits.message_bytes` every 10 seconds, lastingly; or sound comes far faster than it is spoken',
    message: 'Messages come too fast.',
    answer: 'close',
    closeCode: 1008,
  },
  slow_consumer: {
    when: 'The client does not read what it is sent',
    message: 'The client does not read what it is sent.',
    answer: 'close',
    closeCode: 1008,
  },
  after_end: {
    when: 'Something comes after `session_end`, or after the socket was closed',
    message: 'The session has ended.',
    answer: 'dropped',
  },
} as const satisfies Readonly<Record<string, ViolationRow>>

/** The table for those who write it down. */
export const violationRows: readonly (readonly [code: string, row: ViolationRow])[] = Object.entries(violations)

/** A violation, in the table's words where there are no more exact ones. */
export function violation(code: ViolationCode, details: Partial<Omit<Violation, 'code'>> = {}): Violation {
  return { code, message: violations[code].message, ...details }
}

/** With what the socket is closed; undefined where the session goes on. */
export function closeCodeOf({ code }: Violation): number | undefined {
  const row: ViolationRow = violations[code]
  return row.answer === 'close' ? row.closeCode : undefined
}

/** What the client is told; undefined where that is nothing. */
export function toldOf(violation: Violation, seq: number): LiveError | LiveWarning | undefined {
  const { code, message, param, issues } = violation
  switch (violations[code].answer) {
    case 'dropped':
      return undefined
    case 'warning':
      return { type: 'warning', seq, code, message }
    case 'close':
    case 'error':
      return {
        type: 'error',
        seq,
        scope: 'session',
        error_type: 'invalid_request_error',
        code,
        message,
        ...(param !== undefined && { param }),
        ...(issues && { issues: [...issues] }),
        retryable: false,
        close: closeCodeOf(violation) !== undefined,
      }
  }
}
