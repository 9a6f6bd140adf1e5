import type { IncomingMessage } from 'node:http'
import type { RawData, WebSocket } from 'ws'
import { micros } from '../marker.ts'
import { namePattern } from '../voice/control.ts'
import type { Seen } from './control.ts'
import { isLoud, words } from './sound.ts'

/** The mock engines that hear: what is loud for long enough are always the same words. */

export type SeenOf = (name: string) => Seen

/** `/v1/listen` of Deepgram: bare sound in, and words when they are asked for. */
export function listen(socket: WebSocket, { url = '' }: IncomingMessage, seenOf: SeenOf): void {
  const rate = Number(new URL(url, 'ws://mock').searchParams.get('sample_rate'))
  const isDirect = url.includes('direct')
  const seen = seenOf(namePattern.exec(url)?.[0] ?? '')
  const ear = new Ear(seen, rate, () => {
    socket.send(results(words, false, false))
  })
  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      ear.hear(bytesOf(data))
      // It says something of every second, whether anybody speaks or not.
      if (!isDirect && ear.hasSecond()) socket.send(results('', false, false))
      return
    }
    const text = bytesOf(data).toString()
    if (text.includes('Finalize')) {
      const said = ear.takeWords()
      if (said) seen.finalAt.push(micros())
      socket.send(results(said ? words : '', true, true))
    } else if (text.includes('CloseStream')) {
      socket.send(JSON.stringify({ type: 'Metadata', request_id: 'r', duration: 0, channels: 1 }))
      socket.close(1000)
    }
  })
}

function results(transcript: string, isFinal: boolean, isFlushed: boolean): string {
  return JSON.stringify({
    type: 'Results',
    channel_index: [0, 1],
    start: 0,
    duration: 0,
    is_final: isFinal,
    speech_final: false,
    from_finalize: isFlushed,
    channel: { alternatives: [{ transcript, confidence: 0.99, words: [] }] },
  })
}

/** OpenAI's Realtime API, in its mode for transcripts: sound comes as base64 at 24 kHz. It is spoken to nowhere. */
export function transcribe(socket: WebSocket, _: IncomingMessage, seenOf: SeenOf): void {
  let ear: Ear | undefined
  socket.send(JSON.stringify({ type: 'session.created', session: { type: 'transcription' } }))
  socket.on('message', (data) => {
    const text = bytesOf(data).toString()
    if (text.startsWith(append)) {
      ear?.hear(Buffer.from(text.slice(append.length, -2), 'base64'))
      return
    }
    const name = namePattern.exec(text)?.[0]
    if (!text.includes('session.update') || name === undefined) return
    ear = new Ear(seenOf(name), 24_000, () => undefined)
    socket.send(JSON.stringify({ type: 'session.updated', session: { type: 'transcription' } }))
  })
}

const append = '{"type":"input_audio_buffer.append","audio":"'

/** Counts the sound that comes, and notices who speaks in it. */
class Ear {
  readonly #seen: Seen
  readonly #rate: number
  readonly #onWords: () => void
  #samples = 0
  #loudSamples = 0
  #seconds = 0

  constructor(seen: Seen, rate: number, onWords: () => void) {
    this.#seen = seen
    this.#rate = rate
    seen.rate = rate
    this.#onWords = onWords
  }

  hear(pcm: Buffer): void {
    const count = pcm.length / 2
    this.#samples += count
    this.#seen.heardAt.push(micros())
    this.#seen.heardSamples.push(this.#samples)
    if (!isLoud(pcm)) return
    const before = this.#loudSamples
    this.#loudSamples += count
    const needed = (wordsMs * this.#rate) / 1000
    if (before >= needed || this.#loudSamples < needed) return
    this.#seen.partialAt.push(micros())
    this.#onWords()
  }

  /** Whether words were said since the last time. */
  takeWords(): boolean {
    const isSaid = this.#loudSamples * 1000 >= wordsMs * this.#rate
    this.#loudSamples = 0
    return isSaid
  }

  /** Whether another second of sound is full. */
  hasSecond(): boolean {
    const seconds = Math.floor(this.#samples / this.#rate)
    const isNew = seconds > this.#seconds
    this.#seconds = seconds
    return isNew
  }
}

/** After so much of a voice its words are known. */
const wordsMs = 200

function bytesOf(data: RawData): Buffer {
  return Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data
}
