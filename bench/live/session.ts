import { type RawData, WebSocket } from 'ws'
import { micros } from '../marker.ts'
import type { SessionJob, Taken } from './control.ts'
import { Player } from './player.ts'
import { frameMs } from './sound.ts'
import { Speaker } from './speaker.ts'

/** One conversation: its microphone, its player and what it says when. What the gateway may not do fails it. */
export class Session {
  readonly over: Promise<Taken>
  readonly #job: SessionJob
  readonly #phase: number
  readonly #socket: WebSocket
  readonly #speaker: Speaker
  readonly #player: Player
  readonly #taken: Taken
  #resolve: (taken: Taken) => void = () => undefined
  #reject: (reason: Error) => void = () => undefined
  #state: 'opening' | 'open' | 'leaving' | 'over' = 'opening'
  #nextFrameAt = Number.POSITIVE_INFINITY
  #frames = 0
  #seq = 0
  /** What the next binary frame has to be long. */
  #expected: number | undefined
  /** The segments that were reset: nothing of them may follow. */
  readonly #reset = new Set<string>()

  /** `phase`, from 0 to 1, is where in the beat of frames its own lies. */
  constructor(job: SessionJob, phase: number, beganAt: number) {
    const { name, rate, script, url, protocol } = job
    this.#job = job
    this.#phase = phase
    this.#taken = { name, sentAt: [], frameSamples: (rate * frameMs) / 1000, turns: [] }
    this.#player = new Player(script.type === 'talk' && script.player === 'real', (mark) => this.#send(mark))
    this.#speaker = new Speaker(job, phase, beganAt)
    this.over = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#socket = new WebSocket(url, protocol === undefined ? [] : [protocol], { perMessageDeflate: false })
    this.#socket.on('error', (error) => this.fail(error.message))
    this.#socket.on('close', (code, reason) => this.#closed(code, reason.toString()))
    this.#socket.on('message', (data, isBinary) => this.#take(bytesOf(data), isBinary))
    this.#socket.on('open', () => (job.hello ? this.#send(job.hello) : this.#begin()))
  }

  get where(): string {
    const { turns } = this.#taken
    return `${this.#state}, after ${this.#frames} frames and ${turns.length} turns, the last ${turns.at(-1)?.isComplete ? '' : 'in'}complete`
  }

  fail(why: string): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#socket.terminate()
    this.#reject(new Error(why))
  }

  /** Sends the frames that are due. */
  tick(now: number): void {
    if (this.#state !== 'open') return
    while (this.#nextFrameAt <= now && this.#state === 'open') {
      this.#sendFrame(this.#speaker.nextFrame(now))
      this.#nextFrameAt += frameMs * 1000
      this.#player.frame(now, this.#frames)
    }
    if (this.#speaker.wantsToLeave(now)) this.#leave()
  }

  // ── What it sends ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #begin(): void {
    this.#state = 'open'
    const { hello, script } = this.#job
    if (hello) this.#send({ type: 'audio_stream_start', stream_id: 'mic' })
    const now = micros()
    this.#speaker.begin(now)
    if (script.type !== 'visit') this.#nextFrameAt = now + this.#phase * frameMs * 1000
    else if (script.speaks) for (const frame of this.#speaker.burst()) this.#sendFrame(frame)
    else this.#leave()
  }

  #sendFrame(frame: Buffer): void {
    const { isTimed, transport } = this.#job
    if (isTimed) this.#taken.sentAt.push(micros())
    const seq = this.#frames++
    if (transport === 'binary') this.#socket.send(frame)
    else this.#socket.send(`{"type":"audio_frame","seq":${seq},"data_b64":"${frame.toString('base64')}"}`)
  }

  #send(message: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    this.#socket.send(JSON.stringify(message))
  }

  #leave(): void {
    if (this.#state !== 'open') return
    this.#state = 'leaving'
    if (this.#job.hello) this.#send({ type: 'control', op: 'end_session' })
    else this.#socket.close(1000)
  }

  // ── What comes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #take(data: Buffer, isBinary: boolean): void {
    if (!this.#job.hello || this.#state === 'over') return
    if (isBinary) {
      this.#sound(data.length)
      return
    }
    // Two of three messages are of this kind, and nothing else in them is of interest.
    const chunk = chunkHeader.exec(data.toString('latin1', 0, 200))
    if (chunk) {
      const [, seq = '', id = '', bytes = ''] = chunk
      this.#number(Number(seq))
      if (this.#reset.has(id)) this.fail(`sound of ${id} after its reset`)
      this.#expected = Number(bytes)
      return
    }
    const message: unknown = JSON.parse(data.toString())
    if (isMessage(message)) this.#told(message)
  }

  #number(seq: number): void {
    if (this.#expected !== undefined) this.fail('a header of sound without its sound')
    if (seq <= this.#seq) this.fail(`number ${seq} after ${this.#seq}`)
    this.#seq = seq
  }

  #sound(bytes: number): void {
    const now = micros()
    if (bytes !== this.#expected) this.fail(`${bytes} bytes of sound instead of ${this.#expected}`)
    this.#expected = undefined
    const turn = this.#taken.turns.at(-1)
    if (!turn) {
      this.fail('sound of nothing')
      return
    }
    turn.pieceAt.push(now)
    turn.pieceBytes.push(bytes)
    if (turn.pieceAt.length === 1) this.#speaker.heard(now)
    this.#player.got(bytes, now)
  }

  #told(message: Message): void {
    this.#number(message.seq)
    const { turns } = this.#taken
    switch (message.type) {
      case 'hello_ack':
        this.#begin()
        return
      case 'assistant_audio_start':
        turns.push({ pieceAt: [], pieceBytes: [], resetAt: 0, isComplete: false })
        this.#player.start(message.assistant_audio_id ?? '')
        return
      case 'assistant_audio_end':
        this.#player.end(micros())
        return
      case 'audio_reset': {
        const turn = turns.at(-1)
        // At the end of a session all is.
        if (turn && message.reason === 'barge_in') turn.resetAt = micros()
        this.#reset.add(message.assistant_audio_id ?? '')
        this.#player.reset(micros())
        return
      }
      case 'turn_complete': {
        const turn = turns.at(-1)
        if (message.stop_reason === 'barge_in' || this.#state !== 'open' || !turn) return
        turn.isComplete = true
        this.#speaker.answered(micros())
        if (this.#job.script.type === 'visit') this.#leave()
        return
      }
      case 'session_end':
        if (message.reason !== 'end_session') this.fail(`the session ended: ${message.reason}`)
        return
      case 'error':
      case 'warning':
      case 'audio_unavailable':
        this.fail(JSON.stringify(message))
    }
  }

  #closed(code: number, reason: string): void {
    if (this.#state === 'over') return
    if (this.#state !== 'leaving' || code !== 1000) {
      this.fail(`closed with ${code} ${reason}, ${this.where}`)
      return
    }
    this.#state = 'over'
    this.#resolve(this.#taken)
  }
}

const chunkHeader = /^\{"type":"assistant_audio_chunk_header","seq":(\d+),"assistant_audio_id":"(\w+)","bytes":(\d+)/

/** As much of a message as is looked at. */
interface Message {
  readonly type: string
  readonly seq: number
  readonly assistant_audio_id?: string
  readonly stop_reason?: string
  readonly reason?: string
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'type' in value && 'seq' in value && typeof value.seq === 'number'
}

function bytesOf(data: RawData): Buffer {
  return Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data
}
