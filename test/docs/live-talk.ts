import { WebSocket } from 'ws'
import type { LiveServerMessage } from '../../api/schemas.gen.ts'
import { Person } from '../live/people.ts'
import type { LiveTime } from '../live/time.ts'

type Told<Type extends LiveServerMessage['type']> = Extract<LiveServerMessage, { type: Type }>

/** A conversation over one socket after the other, and its sequence as Mermaid draws it. */
export class Talk {
  /** What a `stopped` mark says was played, in milliseconds. */
  stopsAtMs = 0
  readonly #url: string
  readonly #time: LiveTime
  readonly #person: Person
  #socket: WebSocket | undefined
  readonly #told: LiveServerMessage[] = []
  readonly #lines: string[] = []
  #wasSound = false

  constructor(url: string, time: LiveTime) {
    this.#url = url
    this.#time = time
    this.#person = new Person({ encoding: 'pcm', rate: 16_000 }, (frame) => this.#hear(frame))
    time.join(this.#person)
  }

  /** The diagram of all that was sent and told so far. */
  get sequence(): string {
    return ['sequenceDiagram', '  participant C as Client', '  participant G as Gateway', ...this.#lines, ''].join('\n')
  }

  /** Everything that was told of a type. */
  of<Type extends LiveServerMessage['type']>(type: Type): Told<Type>[] {
    return this.#told.filter((message): message is Told<Type> => message.type === type)
  }

  async connect(): Promise<void> {
    const socket = new WebSocket(this.#url, 'vai.live.v1')
    this.#socket = socket
    socket.on('message', (data, isBinary) => {
      // Sound is a header and a frame: the header stands for both.
      if (!isBinary) this.#take(JSON.parse(data.toString()))
    })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  }

  send(message: Readonly<Record<string, unknown>>): void {
    this.#draw(`C->>G: ${String(message.type)}${inWords(message)}`)
    this.#socket?.send(JSON.stringify(message))
  }

  /** From now on the microphone is heard. */
  listen(): void {
    this.send({ type: 'audio_stream_start' })
    this.#person.isOn = true
  }

  /** The user speaks, and is silent after it. Resolves once all words are understood. */
  async speak(text: string): Promise<void> {
    this.#draw(`Note left of C: ${text}`)
    this.#person.pause(300).say(text)
    await this.#time.until(() => this.of('transcript_delta').some((told) => told.text.trim() === text), {
      describe: this.#describe,
    })
  }

  /** Resolves once so many messages of a type have come. */
  hears<Type extends LiveServerMessage['type']>(type: Type, count = 1): Promise<Told<Type>> {
    return this.#time.until(() => this.of(type)[count - 1], { describe: this.#describe })
  }

  played(assistantAudioId: string, ms: number, state: 'playing' | 'finished' | 'stopped'): void {
    this.send({ type: 'playback_mark', assistant_audio_id: assistantAudioId, played_ms: ms, state })
  }

  /** The network breaks off. */
  async lose(): Promise<void> {
    const closed = new Promise((resolve) => this.#socket?.once('close', resolve))
    this.#socket?.terminate()
    await closed
    this.#draw('Note over C,G: the socket is lost')
    await this.#time.run(100)
  }

  /** The client is back. */
  async resume(): Promise<void> {
    const ack = this.of('hello_ack').at(-1)
    await this.connect()
    this.send({
      type: 'hello',
      protocol_version: '1',
      resume: { session_id: ack?.session_id, token: ack?.resume_token, last_server_seq: this.#told.at(-1)?.seq },
    })
  }

  /** Ends the session. Resolves with the code that the socket was closed with. */
  async end(): Promise<number> {
    const closed = new Promise<number>((resolve) => this.#socket?.once('close', resolve))
    this.send({ type: 'control', op: 'end_session' })
    const code = await closed
    this.#draw(`Note over C,G: closed with ${code}`)
    return code
  }

  #hear(frame: Uint8Array): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    if (!this.#wasSound) this.#draw('C-)G: sound, a frame each 20 ms')
    this.#wasSound = true
    this.#socket.send(frame)
  }

  #take(message: LiveServerMessage): void {
    this.#told.push(message)
    if (message.type === 'assistant_audio_chunk_header') this.#draw('G-)C: assistant_audio_chunk_header, sound')
    else if (message.type === 'transcript_delta' && !message.is_final) this.#draw('G-)C: transcript_delta, more and more words')
    else this.#draw(`G->>C: ${message.type}${inWords({ ...message })}`)
    if (message.type === 'audio_reset') this.played(message.assistant_audio_id, this.stopsAtMs, 'stopped')
  }

  /** The same again is one arrow; so is sound that goes on meanwhile. */
  #draw(text: string): void {
    const line = `  ${text}`
    if (this.#lines.at(-1) !== line) this.#lines.push(line)
  }

  readonly #describe = (): string => JSON.stringify(this.#told)
}

/** What of a message is told in a diagram, as far as it has it. */
const shown = [
  'is_resumed',
  'is_final',
  'state',
  'reason',
  'stop_reason',
  'assistant_audio_id',
  'turn_id',
  'played_ms',
  'text',
  'played_text',
  'op',
]

function inWords(message: Readonly<Record<string, unknown>>): string {
  const parts = shown.flatMap((name) => {
    const value = message[name]
    return value === undefined || value === null || value === false ? [] : [`${name}: ${String(value).trim()}`]
  })
  return [...('resume' in message ? ['<br/>resume'] : []), ...parts.map((part) => `<br/>${part}`)].join('')
}
