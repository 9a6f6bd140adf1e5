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

/** Sends it in messages that end anywhere, also within a sample. */
function pour(connection: SocketConnection, sound: Buffer): void {
  for (let at = 0; at < sound.length; at += 4095) connection.send(sound.subarray(at, at + 4095))
}

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

/** `/v1/speak`: speaks what was said before each flush, and closes at once when told to. */
export function speakV1(connection: SocketConnection, rules: SpeakRules): void {
  const { query } = connection.opening
  const { flushWindowMs = 60_000, sound = soundOf, latencyMs = 0 } = rules
  let buffered = ''
  let sequence = 0
  let flushes: number[] = []
  connection.json({ type: 'Metadata', request_id: 'r', model_name: query.get('model'), model_version: '1', model_uuid: 'm' })
  const flush = (): void => {
    const text = buffered
    buffered = ''
    if (rules.fault) {
      rules.fault(connection)
      return
    }
    pour(connection, sound(text, query))
    connection.json({ type: 'Flushed', sequence_id: sequence++ })
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
        if (latencyMs > 0) setTimeout(flush, latencyMs)
        else flush()
        return
      }
      case 'Clear':
        buffered = ''
        return connection.json({ type: 'Cleared', sequence_id: sequence++ })
      case 'Close':
        return connection.close(1000)
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
        pour(connection, sound(spoken, query))
        const count = { input_character_count: spoken.length, billable_character_count: spoken.length }
        return connection.json({
          type: 'SpeechMetadata',
          speech_id,
          audio_duration_ms: spoken.length * 20,
          ...count,
          controls_applied: {},
        })
      }
      case 'Close':
        connection.json({ type: 'SessionMetadata', total_audio_duration_ms: 0 })
        return connection.close(1000)
      default:
        connection.json({ type: 'Error', code: 'MESSAGE-0000', description: 'The message could not be read.' })
        return connection.close(1008)
    }
  })
}
