import type { LivePlaybackMark, LiveServerMessage, MessageParam } from '../../../api/schemas.gen.ts'
import type { LiveLine } from '../../../plugins/live/door/open.ts'
import type { SoundMessage, Transport } from '../../../plugins/live/transport.ts'

/** A line on which what is sent is on its way until it is delivered. */
export class TestLine implements Transport {
  readonly isMsgpack = false
  unsentBytes = 0
  into: LiveLine | undefined
  closed: { readonly code: number; readonly reason: string } | undefined
  readonly #client: JoiningClient
  readonly #isOnItsWay: Sent[] = []
  #isBroken = false
  #before = 0

  constructor(client: JoiningClient) {
    this.#client = client
  }

  send(message: LiveServerMessage): void {
    if (!this.closed) this.#isOnItsWay.push({ seq: message.seq, message: structuredClone(message) })
  }

  sendSound({ seq, assistant_audio_id: id, bytes }: SoundMessage): void {
    if (!this.closed) this.#isOnItsWay.push({ seq, sound: { id, ms: bytes.length / 48 } })
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason }
  }

  /** Whether anything has arrived. */
  get isAnswered(): boolean {
    return this.#before > 0
  }

  /** So many messages arrive, all of them by default. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    for (let left = count; left > 0; left--) {
      const next = this.#isBroken ? undefined : this.#isOnItsWay.shift()
      if (!next) return
      if (next.seq <= this.#before) throw new Error(`${next.seq} comes after ${this.#before}`)
      this.#before = next.seq
      this.#client.take(next)
    }
  }

  /** Nothing arrives any more, of which the session hears later. */
  break(): void {
    this.#isBroken = true
  }
}

interface Sent {
  readonly seq: number
  readonly message?: LiveServerMessage
  readonly sound?: { readonly id: string; readonly ms: number }
}

/** A client that keeps the conversation by `append`. */
export class JoiningClient {
  readonly told: LiveServerMessage[] = []
  readonly messages: MessageParam[] = []
  readonly #soundMs = new Map<string, number>()
  token = ''
  lastSeq = 0

  get types(): string[] {
    return this.told.map(({ type }) => type)
  }

  /** Tells of the newest sound that it has, or that its player has stopped. */
  mark(tell: (mark: LivePlaybackMark) => void, isStopped: boolean): void {
    const start = this.told.findLast((message) => message.type === 'assistant_audio_start')
    if (start?.type !== 'assistant_audio_start') return
    const { assistant_audio_id: id } = start
    tell({
      type: 'playback_mark',
      assistant_audio_id: id,
      played_ms: this.#soundMs.get(id) ?? 0,
      state: isStopped ? 'stopped' : 'playing',
    })
  }

  take({ seq, message, sound }: Sent): void {
    if (sound) this.#soundMs.set(sound.id, (this.#soundMs.get(sound.id) ?? 0) + sound.ms)
    if (message?.type === 'hello_ack') this.token = message.resume_token
    else if (seq <= this.lastSeq) throw new Error(`${seq} comes twice`)
    this.lastSeq = Math.max(this.lastSeq, seq)
    if (!message) return
    this.told.push(message)
    if (message.type === 'turn_complete' || message.type === 'turn_cancelled') {
      for (const added of message.append ?? []) this.#join(added)
    }
  }

  #join({ role, content }: MessageParam): void {
    const last = this.messages.at(-1)
    if (last?.role !== role) this.messages.push({ role, content })
    else this.messages[this.messages.length - 1] = { role, content: [...blocks(last.content), ...blocks(content)] }
  }
}

function blocks(content: MessageParam['content']): Exclude<MessageParam['content'], string> {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}
