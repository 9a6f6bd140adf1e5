import type { WebSocket } from 'ws'
import { micros } from '../marker.ts'
import { namePattern } from '../voice/control.ts'
import type { Pace } from './control.ts'
import type { SeenOf } from './ears.ts'
import { isOpening, soundBytesOf, voiceRate, voiceSound } from './sound.ts'

/** The mock voice: Cartesia's socket, on which each text is spoken as soon as it comes, in base64 within JSON. */
export function speak(socket: WebSocket, seenOf: SeenOf, paceNow: () => Pace): void {
  const wanted = new Set<string>()
  socket.on('message', (data) => {
    const said: unknown = JSON.parse(String(data))
    if (!isText(said)) return
    const { context_id: context, transcript, cancel, flush } = said
    if (cancel === true) wanted.delete(context)
    // What answers the flush comes behind the sound.
    else if (flush !== true && transcript !== '') {
      wanted.add(context)
      void spoken(transcript, context, () => wanted.has(context) && socket.readyState === socket.OPEN)
    }
  })

  async function spoken(text: string, context: string, isWanted: () => boolean): Promise<void> {
    const givenAt = micros()
    const bytes = soundBytesOf(text)
    const chunkAt: number[] = []
    seenOf(namePattern.exec(text)?.[0] ?? '').spoken.push({ isFirst: isOpening(text), givenAt, bytes, chunkAt })
    const { chunkBytes, realTimeFactor } = paceNow()
    const about = { context_id: context, done: false, status_code: 206 }
    socket.send(JSON.stringify({ type: 'timestamps', ...about, word_timestamps: timesOf(text) }))
    for (let at = 0; at < bytes; at += chunkBytes) {
      if (realTimeFactor > 0 && at > 0) {
        const due = givenAt + ((at / 2 / voiceRate) * 1e6) / realTimeFactor
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, (due - micros()) / 1000)))
      }
      if (!isWanted()) return
      const piece = sound.subarray(at, Math.min(bytes, at + chunkBytes)).toString('base64')
      chunkAt.push(micros())
      socket.send(`{"type":"chunk","context_id":"${context}","done":false,"status_code":206,"step_time":10,"data":"${piece}"}`)
    }
    socket.send(JSON.stringify({ type: 'flush_done', ...about, flush_done: true }))
  }
}

const sound = voiceSound()

interface Text {
  readonly context_id: string
  readonly transcript: string
  readonly cancel?: boolean
  readonly flush?: boolean
}

function isText(value: unknown): value is Text {
  return typeof value === 'object' && value !== null && 'context_id' in value && typeof value.context_id === 'string'
}

function timesOf(text: string) {
  const all = text.trim().split(/\s+/)
  const each = soundBytesOf(text) / 2 / voiceRate / all.length
  return { words: all, start: all.map((_, at) => at * each), end: all.map((_, at) => (at + 1) * each) }
}
