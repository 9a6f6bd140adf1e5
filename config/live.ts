import { choice, flag, integer, text } from './setting.ts'

/** How people talk with models over `/v1/live`. */
export const liveSettings = {
  live: flag('VAI_LIVE', true, 'Whether `/v1/live` is there.'),
  live_hello_ms: integer(
    'VAI_LIVE_HELLO_MS',
    5000,
    100,
    60_000,
    'How long a client may take to say `hello` once its socket is open, in milliseconds.',
  ),
  live_idle_ms: integer(
    'VAI_LIVE_IDLE_MS',
    300_000,
    1000,
    24 * 3_600_000,
    'A session in which nobody says anything for so long ends, in milliseconds.',
  ),
  live_total_ms: integer(
    'VAI_LIVE_TOTAL_MS',
    2 * 3_600_000,
    1000,
    7 * 24 * 3_600_000,
    'The longest that a session may last, in milliseconds.',
  ),
  live_resume_ms: integer(
    'VAI_LIVE_RESUME_MS',
    30_000,
    0,
    600_000,
    'How long a session waits for a client whose socket was lost, in milliseconds; 0 for not at all.',
  ),
  live_drain_ms: integer(
    'VAI_LIVE_DRAIN_MS',
    10_000,
    0,
    3_600_000,
    'How long a session may go on after SIGTERM to finish what is being said, in milliseconds; never longer than `drain_ms`.',
  ),
  live_message_bytes: integer(
    'VAI_LIVE_MESSAGE_BYTES',
    8 * 1024 ** 2,
    1024,
    64 * 1024 ** 2,
    'The largest message of a client, in bytes. Frames of sound have a limit of their own.',
  ),
  live_messages_per_second: integer(
    'VAI_LIVE_MESSAGES_PER_SECOND',
    50,
    1,
    100_000,
    'How many messages besides sound a client may send a second, lastingly; four times as many at once.',
  ),
  live_speech_gate: choice(
    'VAI_LIVE_SPEECH_GATE',
    ['lenient', 'strict'],
    'lenient',
    'What becomes of text that a model writes without calling `talk_to_user`. lenient: it is spoken. strict: the turn fails.',
  ),
  live_trace_dir: text(
    'VAI_LIVE_TRACE_DIR',
    '',
    'A folder in which a record of each session is kept, to be played again with `vai live replay`. It holds what was said and what tools answered. Default: none is kept.',
  ),
  live_trace_audio: flag('VAI_LIVE_TRACE_AUDIO', false, 'Whether these records hold what the microphone heard, too.'),
  live_log_transcripts: flag(
    'VAI_LIVE_LOG_TRANSCRIPTS',
    false,
    'Whether the log holds what is said in sessions, by the user and by the model.',
  ),
}
