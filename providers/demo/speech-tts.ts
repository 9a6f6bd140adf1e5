import { GatewayError } from '../../api/error.ts'
import { pcmToMulaw } from '../../audio/g711.ts'
import { bytesIn } from '../../audio/pcm.ts'
import { nearest } from '../../text/nearest.ts'
import type { KnownModel } from '../provider.ts'
import type {
  LineTextOptions,
  RawFormat,
  SpeakingLine,
  SpeechCall,
  SpeechIssue,
  TextToSpeech,
  TtsCapabilities,
  TtsEvent,
  TtsOptions,
} from '../speech.ts'
import { isRaw } from '../speech-format.ts'
import { heeding } from '../speech-source.ts'
import { type DemoVoice, demoVoices, samplesOf, slotOf, toneOf } from './speech-tones.ts'
import { turn } from './speech-turn.ts'
import { WordSplitter, wordsIn } from './speech-words.ts'

const tones: KnownModel = { name: 'tones', displayName: 'Tones (demo)', released: '2026-11-21' }

/** `demo/tones` says a soft tone for each word, 170 words a minute, and tells exactly when each word is said. */
export const demoTts: TextToSpeech = {
  models: [tones],
  capabilities: () => capabilities,
  check,
  async *synthesize(text, options, call) {
    const speaker = speakerFor(options, call.model)
    yield* speaker.sayAll(wordsIn(text), call.signal)
    yield { type: 'done', characters: text.length }
  },
  async *speak(text, options, call) {
    const speaker = speakerFor(options, call.model)
    const splitter = new WordSplitter()
    let characters = 0
    for await (const piece of heeding(text, call.signal)) {
      if (typeof piece === 'string') {
        characters += piece.length
        yield* speaker.sayAll(splitter.push(piece), call.signal)
      } else {
        yield* speaker.sayAll(splitter.end(), call.signal)
        yield { type: 'flushed' }
      }
    }
    yield* speaker.sayAll(splitter.end(), call.signal)
    yield { type: 'done', characters }
  },
  connect: async (options, call) => new DemoLine(options, call),
}

/** There is nothing to connect to: the texts of a line are spoken as others are. */
class DemoLine implements SpeakingLine {
  readonly closed: Promise<void>
  readonly #options: TtsOptions
  readonly #model: string
  readonly #over = new AbortController()
  readonly #end: () => void

  constructor(options: TtsOptions, { model, signal }: SpeechCall) {
    signal.throwIfAborted()
    this.#options = options
    this.#model = model
    const onAbort = (): void => this.#over.abort(signal.reason)
    this.#end = () => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    this.closed = new Promise((resolve) => this.#over.signal.addEventListener('abort', () => resolve(), { once: true }))
  }

  get isOpen(): boolean {
    return !this.#over.signal.aborted
  }

  close(): void {
    this.#end()
    this.#over.abort(new GatewayError('provider_disconnected'))
  }

  async *speak(text: string, { signal }: LineTextOptions): AsyncGenerator<TtsEvent> {
    const speaker = speakerFor(this.#options, this.#model)
    for await (const event of speaker.sayAll(wordsIn(text), signal)) {
      this.#over.signal.throwIfAborted()
      yield event
    }
    signal.throwIfAborted()
    yield { type: 'done', characters: text.length }
  }
}

const capabilities: TtsCapabilities = {
  pcmRates: [24_000, 16_000, 8000, 48_000, 44_100, 32_000, 22_050, 12_000, 11_025],
  mulaw: true,
  mp3: false,
  opus: false,
  speed: { least: 0.25, most: 4 },
  volume: { least: 0, most: 2 },
  emotions: undefined,
  voices: demoVoices,
  languages: undefined,
  alignment: 'word',
  maxCharacters: 10_000,
}

const [lowestRate, highestRate] = [8000, 48_000]

function check({ voice, format, speed, volume, emotion }: TtsOptions): SpeechIssue[] {
  const issues: SpeechIssue[] = []
  if (!isVoice(voice)) {
    const near = nearest(voice, demoVoices)
    const known = near ? `did you mean ${near}?` : `the voices are ${demoVoices.join(', ')}`
    const message = `there is no voice ${JSON.stringify(voice.slice(0, 200))}; ${known}`
    issues.push({ field: 'voice', code: 'unknown_voice', message })
  }
  if (!isRaw(format)) {
    const message = `the demo makes no ${format.encoding}; pcm and mulaw it does`
    issues.push({ field: 'format', code: 'unsupported_format', message })
  } else if (!Number.isInteger(format.rate) || format.rate < lowestRate || format.rate > highestRate) {
    const message = `${format.rate} samples a second cannot be had; ${lowestRate} to ${highestRate} can`
    issues.push({ field: 'format', code: 'unsupported_format', message })
  }
  for (const [field, value, range] of [
    ['speed', speed, capabilities.speed],
    ['volume', volume, capabilities.volume],
  ] as const) {
    if (value === undefined || range === undefined || (value >= range.least && value <= range.most)) continue
    const message = `${value} is out of range; it is from ${range.least} to ${range.most}`
    issues.push({ field, code: `unsupported_${field}`, message })
  }
  if (emotion !== undefined) {
    issues.push({ field: 'emotion', code: 'unsupported_emotion', message: 'a tone has no emotion; leave it out' })
  }
  return issues
}

function isVoice(name: string): name is DemoVoice {
  return demoVoices.some((voice) => voice === name)
}

/** Throws what `check` would have told. */
function speakerFor(options: TtsOptions, model: string): Speaker {
  if (model !== tones.name) {
    const message = `There is no model ${JSON.stringify(model.slice(0, 200))}; the demo speaks with demo/${tones.name}.`
    throw new GatewayError('unknown_model', { message })
  }
  const [issue] = check(options)
  if (issue) throw new GatewayError('unsupported_parameter', { message: `${issue.field}: ${issue.message}.`, code: issue.code })
  const { voice, format, speed = 1, volume = 1, alignment = false } = options
  if (!isVoice(voice) || !isRaw(format)) throw new TypeError('the options have been checked')
  return new Speaker({ voice, format, speed, volume, alignment })
}

interface Manner {
  readonly voice: DemoVoice
  readonly format: RawFormat
  readonly speed: number
  readonly volume: number
  readonly alignment: boolean
}

/** Says one word after the other. */
class Speaker {
  readonly #manner: Manner
  /** How many words have been said. */
  #words = 0

  constructor(manner: Manner) {
    this.#manner = manner
  }

  async *sayAll(words: Iterable<string>, signal: AbortSignal): AsyncGenerator<TtsEvent> {
    for (const word of words) yield* this.#say(word, signal)
  }

  /** The word's time, where times are wanted, and its sound in pieces of at most a tenth of a second. */
  async *#say(word: string, signal: AbortSignal): AsyncGenerator<TtsEvent> {
    const { voice, format, speed, volume, alignment } = this.#manner
    const { rate, encoding } = format
    const slot = slotOf(this.#words++, rate, speed)
    if (alignment) {
      const [startMs, durationMs] = [(slot.start * 1000) / rate, (slot.samples * 1000) / rate]
      yield { type: 'alignment', kind: 'word', tokens: [word], startMs: [startMs], durationMs: [durationMs] }
    }
    const tone = toneOf(word, slot, rate, voice, volume)
    const longest = Math.floor(rate / 10)
    for (let from = 0; from < slot.samples; from += longest) {
      // A book takes a while, and others are waiting.
      await turn(signal)
      const pcm = bytesIn(samplesOf(tone, from, Math.min(from + longest, slot.samples)))
      yield { type: 'audio', bytes: encoding === 'mulaw' ? pcmToMulaw(pcm) : pcm }
    }
  }
}
