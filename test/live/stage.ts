import type { LiveClientTool, LiveFeatures, LiveHello, LiveServerMessage } from '../../api/schemas.gen.ts'
import type { RawFormat } from '../../providers/speech.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.ts'
import { cartesiaKey, cartesiaVoice, startCartesia } from '../upstreams/cartesia.ts'
import type { SpeechScript } from '../upstreams/cartesia-speech.ts'
import { deepgramKey, startDeepgram } from '../upstreams/deepgram.ts'
import type { SpeakRules } from '../upstreams/deepgram-speak.ts'
import type { WordHearing } from '../upstreams/deepgram-words.ts'
import { elevenLabsKey, knownVoices, startElevenLabs } from '../upstreams/elevenlabs.ts'
import type { SocketRefusal } from '../upstreams/sockets.ts'
import { msPerCharacter, speechOf } from '../upstreams/spoken-words.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { LiveClient, type Told } from './client.ts'
import { type Answer, type ModelKind, startModel, type TalkingModel } from './models.ts'
import { type Network, startNetwork } from './network.ts'
import { Person } from './people.ts'
import { Player } from './player.ts'
import { LiveTime } from './time.ts'

/** A gateway, simulated vendors of everything, a bad line if need be, and the time that they share. */
export interface Stage {
  readonly time: LiveTime
  readonly gateway: Gateway
  readonly model: TalkingModel
  readonly deepgram: Upstream
  readonly cartesia: Upstream
  readonly elevenlabs: Upstream
  readonly network: Network
  /** Opens a session and waits until it is open. */
  talk(options?: TalkOptions): Promise<Talk>
  /** Somebody connects, and says nothing yet. */
  connect(options?: TalkOptions): Promise<Talk>
  /** Ends what is still open and says what is left of anything; an empty list for nothing. */
  leftovers(): Promise<string[]>
  close(): Promise<void>
}

export interface StageOptions {
  readonly model?: ModelKind
  readonly answers?: readonly Answer[]
  readonly hears?: WordHearing
  /** Whether handshakes with Deepgram are refused by now. */
  readonly refuses?: () => SocketRefusal | undefined
  readonly aura?: SpeakRules
  readonly sonic?: SpeechScript
  readonly gateway?: GatewayOptions
  /** Of the line's jitter. */
  readonly seed?: number
}

export const ears = {
  nova: 'deepgram/nova-3',
  flux: 'deepgram/flux-general-en',
  whisper: 'cartesia/ink-whisper',
  ink: 'cartesia/ink-2',
} as const

export const voices = {
  sonic: `cartesia/${cartesiaVoice}`,
  eleven: `elevenlabs/${knownVoices[0]}`,
  aura: 'deepgram/aura-2-thalia-en',
  demo: 'demo/soft',
} as const

export interface TalkOptions {
  readonly hears?: keyof typeof ears | 'demo/meter'
  readonly speaks?: keyof typeof voices
  readonly audioIn?: RawFormat
  readonly audioOut?: RawFormat
  readonly isMsgpack?: boolean
  readonly features?: LiveFeatures
  readonly turn?: LiveHello['turn']
  readonly tools?: LiveHello['tools']
  readonly hello?: Partial<LiveHello>
  readonly headers?: Readonly<Record<string, string>>
  readonly bufferMs?: number
}

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const time = new LiveTime()
  const { answers = [{ say: 'Hello.' }], hears = {}, gateway: more = {} } = options
  const model = await startModel(options.model ?? 'openai', answers)
  const spoken = (text: string, format: RawFormat): Buffer => speechOf(text, format)
  const sound = (text: string, query: URLSearchParams): Buffer => spoken(text, auraFormat(query))
  const deepgram = await startDeepgram({
    hearsWords: hears,
    speak: { sound, ...options.aura },
    get refuse() {
      return options.refuses?.()
    },
  })
  const voice = { soundOf: spoken, msPerCharacter }
  const cartesia = await startCartesia({ hearsWords: hears, speech: { voice, ...options.sonic } })
  const elevenlabs = await startElevenLabs({ socket: { sound: (text, format) => spoken(text, elevenFormat(format)) } })
  const gateway = await startGateway({
    ...more,
    env: {
      VAI_DEEPGRAM_BASE_URL: deepgram.url,
      VAI_CARTESIA_BASE_URL: cartesia.url,
      VAI_ELEVENLABS_BASE_URL: elevenlabs.url,
      ...model.env,
      ...more.env,
    },
    keys: more.keys ?? { deepgram: deepgramKey, cartesia: cartesiaKey, elevenlabs: elevenLabsKey, ...model.keys },
    parts: { clock: time.clock, ...more.parts },
  })
  const network = await startNetwork(gateway.url, time.clock, options.seed)
  const talks: Talk[] = []
  const upstreams = { model: model.upstream, deepgram, cartesia, elevenlabs }

  async function connect(how: TalkOptions = {}): Promise<Talk> {
    const talk = new Talk(network.url, time, model.name, how)
    talks.push(talk)
    await time.until(() => talk.client.isOpen || talk.client.closed !== undefined)
    return talk
  }

  async function leftovers(): Promise<string[]> {
    for (const talk of talks) talk.client.send({ type: 'control', op: 'end_session' })
    await time.until(() => talks.every(({ client }) => client.closed !== undefined), {
      describe: () => `sockets close: ${talks.map(({ client }) => client.told.at(-1)?.type)}`,
    })
    const left = async (): Promise<string[]> => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
      const gauges = ['vai_live_sessions_open', 'vai_live_sessions_lost', 'vai_live_sockets_open', 'vai_runs_active']
      return [
        ...gauges.flatMap((name) => metrics.split('\n').filter((line) => line.startsWith(name) && !line.endsWith(' 0'))),
        ...Object.entries(upstreams).flatMap(([name, { sockets }]) =>
          sockets.filter(({ isOpen }) => isOpen).map(({ opening }) => `a socket of ${name} at ${opening.path}`),
        ),
        ...talks.flatMap(({ client }) => client.faults),
      ]
    }
    let found = await left()
    for (const end = time.now + 3000; found.length > 0 && time.now < end; found = await left()) await time.run(100)
    return found
  }

  return {
    time,
    gateway,
    deepgram,
    cartesia,
    elevenlabs,
    model,
    network,
    connect,
    async talk(how = {}) {
      const talk = await connect(how)
      talk.greet()
      await time.until(() => talk.client.of('hello_ack').length > 0, { describe: () => JSON.stringify(talk.client.told) })
      return talk
    },
    leftovers,
    async close() {
      for (const talk of talks) talk.leave()
      await network.close()
      await gateway.close()
      for (const each of Object.values(upstreams)) await each.close()
    },
  }
}

function auraFormat(query: URLSearchParams): RawFormat {
  if (query.get('encoding') === 'mulaw') return { encoding: 'mulaw', rate: 8000 }
  return { encoding: 'pcm', rate: Number(query.get('sample_rate') ?? 24_000) }
}

function elevenFormat(format: string): RawFormat {
  const [codec, rate] = format.split('_')
  return codec === 'ulaw' ? { encoding: 'mulaw', rate: 8000 } : { encoding: 'pcm', rate: Number(rate) }
}

// ── Somebody who talks ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Somebody who talks with a model: a client, its player and its microphone. */
export class Talk {
  readonly time: LiveTime
  readonly person: Person
  readonly player: Player
  client: LiveClient
  readonly #options: TalkOptions
  readonly #url: string
  readonly #model: string

  constructor(url: string, time: LiveTime, model: string, options: TalkOptions) {
    this.time = time
    this.#url = `${url.replace('http', 'ws')}/v1/live`
    this.#model = model
    this.#options = options
    this.client = this.#newClient()
    const marks = options.features?.send_playback_marks ?? true
    this.player = new Player({ marks, ...(options.bufferMs !== undefined && { bufferMs: options.bufferMs }) }, (mark) =>
      this.client.send(mark),
    )
    this.person = new Person(options.audioIn ?? usualIn, (frame) => this.client.sendSound(frame))
    time.join(this.player)
    time.join(this.person)
  }

  get hello(): LiveHello {
    const { hears = 'nova', speaks = 'sonic', audioIn = usualIn, audioOut, features, turn, tools, hello } = this.#options
    return {
      type: 'hello',
      protocol_version: '1',
      model: this.#model,
      tts: { voice: voices[speaks] },
      stt: { model: hears === 'demo/meter' ? hears : ears[hears] },
      audio_in: wireOf(audioIn),
      ...(audioOut && { audio_out: wireOf(audioOut) }),
      ...(features && { features }),
      ...(turn && { turn }),
      ...(tools && { tools }),
      ...hello,
    }
  }

  /** Says `hello`, and turns the microphone on. */
  greet(): void {
    this.client.send(this.hello)
    if (!this.hello.audio_in) return
    this.client.send({ type: 'audio_stream_start' })
    this.person.isOn = true
  }

  /** Comes back over a new socket with the token of the last acknowledgement. */
  async comeBack(): Promise<void> {
    const ack = this.client.of('hello_ack').at(-1)
    const before = this.client
    this.client = this.#newClient()
    this.client.told.push(...before.told)
    this.client.faults.push(...before.faults)
    const known = this.client.told.length
    await this.time.until(() => this.client.isOpen)
    const resume = { session_id: ack?.session_id ?? '', token: ack?.resume_token ?? '', last_server_seq: before.lastSeq }
    this.client.goOn(before)
    this.client.send({ type: 'hello', protocol_version: '1', resume })
    await this.time.until(() => this.client.told.slice(known).some(({ type }) => type === 'hello_ack'))
  }

  // ── Waiting ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Waits for the nth message of a type, 1 being the first. */
  told<Type extends LiveServerMessage['type']>(type: Type, n = 1): Promise<Told<Type>> {
    return this.time.until(() => this.client.of(type)[n - 1], { describe: () => `${n} times ${type}; ${this.#story()}` })
  }

  /** Waits for the end of the nth turn that ended, whichever way. */
  turnOver(n = 1): Promise<Told<'turn_complete'> | Told<'turn_cancelled'>> {
    return this.time.until(() => this.turns[n - 1], { withinMs: 60_000, describe: () => `${n} turns over; ${this.#story()}` })
  }

  get turns(): (Told<'turn_complete'> | Told<'turn_cancelled'>)[] {
    return this.client.told.filter(
      (message): message is Told<'turn_complete'> | Told<'turn_cancelled'> =>
        message.type === 'turn_complete' || message.type === 'turn_cancelled',
    )
  }

  /** Waits until so much was played, words and all. */
  heard(words: string): Promise<true> {
    return this.time.until(() => this.player.textOf().includes(words), {
      withinMs: 30_000,
      describe: () => `heard ${JSON.stringify(words)}; heard ${JSON.stringify(this.player.textOf())}; ${this.#story()}`,
    })
  }

  /** Says something and waits until it is said. */
  async says(text: string): Promise<void> {
    this.person.say(text)
    await this.time.until(() => !this.person.isSpeaking)
  }

  /** What the conversation came to, as a client has it who keeps it by `append`. */
  get transcript(): string[] {
    return this.turns.flatMap(({ append = [] }) =>
      append.flatMap(({ role, content }) =>
        typeof content === 'string'
          ? [`${role}: ${content}`]
          : content.map((block) => {
              if (block.type === 'text') return `${role}: ${block.text}`
              if (block.type === 'tool_result')
                return `result: ${typeof block.content === 'string' ? block.content : JSON.stringify(block.content)}`
              if (block.type !== 'tool_use') return `${role} [${block.type}]`
              return block.name === 'talk_to_user'
                ? `says: ${String(block.input.text)}`
                : `calls ${block.name} ${JSON.stringify(block.input)}`
            }),
      ),
    )
  }

  leave(): void {
    this.time.leave(this.player)
    this.time.leave(this.person)
    this.client.socket.terminate()
  }

  #newClient(): LiveClient {
    const { isMsgpack = false, features, headers } = this.#options
    const isBase64 = features?.audio_transport === 'base64_json'
    const client = new LiveClient({ url: this.#url, isMsgpack, isBase64, ...(headers && { headers }) })
    client.onTold = (message, sound) => this.player.take(message, sound)
    return client
  }

  #story(): string {
    const quiet = ['assistant_audio_chunk', 'assistant_audio_chunk_header', 'hello_ack']
    const told = this.client.told.filter(({ type }) => !quiet.includes(type))
    return told
      .map((message) => JSON.stringify(message))
      .join('\n')
      .slice(-4000)
  }
}

const usualIn: RawFormat = { encoding: 'pcm', rate: 16_000 }

function wireOf({ encoding, rate }: RawFormat) {
  return { encoding: encoding === 'mulaw' ? 'mulaw' : 'pcm_s16le', sample_rate_hz: rate } as const
}

/** A tool of the client's. */
export function clientTool(name: string, more: Partial<LiveClientTool> = {}): LiveClientTool {
  return { name, description: `Does ${name}.`, input_schema: { type: 'object' }, ...more }
}
