import { isObject, stringOf } from './json.ts'
import type { SocketConnection } from './sockets.ts'

export interface SpeakRules {
  /** How long a flush counts against the twenty that are taken. Default 60 s. */
  readonly flushWindowMs?: number
  /** What becomes of a socket in the place of the sound of a text. */
  readonly fault?: (connection: SocketConnection) => void
  /** Milliseconds between a flush and the first sound. Default 0. */
  readonly latencyMs?: number
  /** What is sent for sound. Default: `soundOf`. */
  readonly sound?: (text: string, query: URLSearchParams) => Buffer
  /** What each message of sound waits for, and the end after the last; the messages of a text are counted from 0. */
  readonly pace?: (sent: number) => Promise<void> | undefined
  /** Says nothing to what stops a text. */
  readonly isStubborn?: boolean
}

export const msPerCharacter = 20

/** So much sound belongs to a text: so many milliseconds a character, each with its own level, so that order can be told. */
export function soundOf(text: string, query: URLSearchParams): Buffer {
  const rate = Number(query.get('sample_rate') ?? 24_000)
  const samples = (rate * msPerCharacter) / 1000
  if (query.get('encoding') === 'mulaw') return Buffer.concat([...text].map((character) => Buffer.alloc(samples, character)))
  const sound = Buffer.alloc(text.length * samples * 2)
  for (let index = 0; index < text.length * samples; index++) {
    sound.writeInt16LE(text.charCodeAt(Math.floor(index / samples)) % 32_768, index * 2)
  }
  return sound
}

/** Sends it in messages that end anywhere, also within a sample. False where it was stopped. */
async function pour(
  connection: SocketConnection,
  sound: Buffer,
  { pace }: SpeakRules,
  isWanted: () => boolean,
): Promise<boolean> {
  let sent = 0
  for (let at = 0; at < sound.length; at += 4095) {
    const waiting = pace?.(sent++)
    if (waiting) await waiting
    if (!isWanted()) return false
    connection.send(sound.subarray(at, at + 4095))
  }
  const waiting = pace?.(sent)
  if (waiting) await waiting
  return isWanted()
}

/** What is still on its way when a text is stopped: noise that belongs to nothing. */
const late = Buffer.alloc(4095, 0x55)

function read(message: string | Buffer): { readonly type: string; readonly text: string } | undefined {
  if (typeof message !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(message)
    return isObject(value) ? { type: stringOf(value.type), text: stringOf(value.text) } : undefined
  } catch {
    return undefined
  }
}

const maxText = 2000
const maxFlushes = 20

/** `/v1/speak`: speaks what was said before each flush, and closes when told to. */
export function speakV1(connection: SocketConnection, rules: SpeakRules): void {
  const { query } = connection.opening
  const { flushWindowMs = 60_000, sound = soundOf, latencyMs = 0 } = rules
  let buffered = ''
  let sequence = 0
  let flushes: number[] = []
  /** Texts are spoken one after the other; those of before a `Clear` are not. */
  let speaking = Promise.resolve()
  let running = 0
  let clears = 0
  connection.json({ type: 'Metadata', request_id: 'r', model_name: query.get('model'), model_version: '1', model_uuid: 'm' })
  const speak = async (text: string, epoch: number): Promise<void> => {
    const isWanted = (): boolean => clears === epoch
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs))
    if (isWanted() && rules.fault) rules.fault(connection)
    else if (isWanted() && (await pour(connection, sound(text, query), rules, isWanted)))
      connection.json({ type: 'Flushed', sequence_id: sequence++ })
    running--
  }
  const flush = (): void => {
    const text = buffered
    const epoch = clears
    buffered = ''
    running++
    speaking = speaking.then(() => speak(text, epoch))
  }
  connection.onMessage((message) => {
    const said = read(message)
    switch (said?.type) {
      case 'Speak':
        if (said.text.length > maxText) return connection.close(1008, `DATA-0000: Text is longer than ${maxText} characters.`)
        buffered += said.text
        return
      case 'Flush': {
        const now = performance.now()
        flushes = flushes.filter((at) => at + flushWindowMs > now)
        if (flushes.length >= maxFlushes) {
          return connection.json({ type: 'Warning', code: 'EXCESSIVE_FLUSH', description: 'Too many flushes in the window.' })
        }
        flushes.push(now)
        flush()
        return
      }
      case 'Clear':
        buffered = ''
        clears++
        if (running > 0) connection.send(late)
        speaking = Promise.resolve()
        if (!rules.isStubborn) connection.json({ type: 'Cleared', sequence_id: sequence++ })
        return
      case 'Close':
        void speaking.then(() => connection.close(1000))
        return
      default:
        return connection.close(1008, 'DATA-0000: The message could not be read.')
    }
  })
}

/** `/v2/speak`: a flush ends a turn, which is reported when all of its sound has been sent. */
export function speakV2(connection: SocketConnection, rules: SpeakRules): void {
  const { query } = connection.opening
  const { sound = soundOf } = rules
  let turn = 0
  let text: string | undefined
  /** Speeches are spoken one after the other. */
  let speaking = Promise.resolve()
  let running: string[] = []
  let interrupts = 0
  const speak = async (spoken: string, id: string, epoch: number): Promise<void> => {
    const isWanted = (): boolean => interrupts === epoch
    if (!isWanted() || !(await pour(connection, sound(spoken, query), rules, isWanted))) return
    running = running.filter((each) => each !== id)
    connection.json(metadataOf(id, spoken))
  }
  connection.json({ type: 'Connected', request_id: 'r', model_name: query.get('model'), model_version: '1', model_uuids: ['m'] })
  connection.onMessage((message) => {
    const said = read(message)
    switch (said?.type) {
      case 'Speak':
        if (text === undefined) connection.json({ type: 'SpeechStarted', speech_id: `dg_sp_${turn}` })
        text = (text ?? '') + said.text
        return
      case 'Flush': {
        if (text === undefined) {
          return connection.json({ type: 'Warning', code: 'NO_ACTIVE_SPEECH', description: 'There is nothing to flush.' })
        }
        const speech_id = `dg_sp_${turn++}`
        const spoken = text
        text = undefined
        // It says that it has heard of it before it has spoken.
        connection.json({ type: 'Flushed', speech_id })
        if (rules.fault) return rules.fault(connection)
        const epoch = interrupts
        running.push(speech_id)
        speaking = speaking.then(() => speak(spoken, speech_id, epoch))
        return
      }
      case 'Interrupt': {
        const [speech_id = text === undefined ? undefined : `dg_sp_${turn++}`] = running
        if (speech_id === undefined) {
          return connection.json({ type: 'Warning', code: 'NO_ACTIVE_SPEECH', description: 'There is nothing to interrupt.' })
        }
        interrupts++
        running = []
        text = undefined
        speaking = Promise.resolve()
        connection.send(late)
        if (!rules.isStubborn) connection.json({ type: 'SpeechInterrupted', audio_played_ms: 0, metadata: { speech_id } })
        return
      }
      case 'Close':
        void speaking.then(() => {
          connection.json({ type: 'SessionMetadata', total_audio_duration_ms: 0 })
          connection.close(1000)
        })
        return
      default:
        connection.json({ type: 'Error', code: 'MESSAGE-0000', description: 'The message could not be read.' })
        return connection.close(1008)
    }
  })
}

function metadataOf(speech_id: string, { length }: string): object {
  const count = { input_character_count: length, billable_character_count: length }
  return { type: 'SpeechMetadata', speech_id, audio_duration_ms: length * msPerCharacter, ...count, controls_applied: {} }
}
