import { GatewayError } from '../../api/error.ts'
import { mulawToPcm } from '../../audio/g711.ts'
import { parseWav, pcmOfWav, type Wav, WavError } from '../../audio/wav.ts'
import type { KnownModel } from '../provider.ts'
import type {
  AudioFile,
  SpeechCall,
  SpeechIssue,
  SpeechToText,
  SttCapabilities,
  SttEvent,
  SttOptions,
  Transcript,
  Word,
} from '../speech.ts'
import { heeding } from '../speech-source.ts'
import { type Metered, type Span, SpeechMeter } from './speech-meter.ts'
import { turn } from './speech-turn.ts'

const meter: KnownModel = { name: 'meter', displayName: 'Meter (demo)', released: '2026-11-21' }

/** `demo/meter` tells that somebody spoke, and for how long: `Speech of 1.2 seconds.`. It does so by loudness alone. */
export const demoStt: SpeechToText = {
  models: [meter],
  capabilities: () => capabilities,
  check,
  async transcribeFile(file, options, call) {
    refuseUnable(options, call)
    return file.kind === 'wav' ? await wavTranscript(file.bytes, call) : ofLength(file.seconds)
  },
  async *transcribe(audio, format, options, call) {
    refuseUnable(options, call)
    const speech = new SpeechMeter(format.rate, options.silenceMs ?? usualSilenceMs)
    const reporter = new Reporter(format.rate)
    yield { type: 'open' }
    for await (const piece of heeding(audio, call.signal)) {
      if (!(piece instanceof Uint8Array)) yield reporter.flushed(speech.cut())
      else for (const event of speech.push(format.encoding === 'mulaw' ? mulawToPcm(piece) : piece)) yield* reporter.told(event)
    }
    const rest = speech.cut()
    if (rest) yield reporter.final(rest)
    yield { type: 'done', seconds: speech.samples / format.rate }
  },
}

const capabilities: SttCapabilities = {
  files: { kinds: ['wav', 'mp3', 'flac', 'ogg', 'webm', 'mp4', 'aac', 'aiff', 'amr'], maxBytes: 100 * 1024 * 1024 },
  stream: { pcmRates: [16_000, 24_000, 8000, 48_000, 44_100, 32_000, 22_050], mulaw: true, turns: 'silence', eagerEnd: false },
  languages: undefined,
  hints: false,
}

const usualSilenceMs = 600

function check({ hints }: SttOptions): SpeechIssue[] {
  if (hints.length === 0) return []
  return [{ field: 'hints', code: 'unsupported_hints', message: 'the demo knows no words; leave them out' }]
}

function refuseUnable(options: SttOptions, { model }: SpeechCall): void {
  if (model !== meter.name) {
    const message = `There is no model ${JSON.stringify(model.slice(0, 200))}; the demo hears with demo/${meter.name}.`
    throw new GatewayError('unknown_model', { message })
  }
  const [issue] = check(options)
  if (issue) throw new GatewayError('unsupported_parameter', { message: `${issue.field}: ${issue.message}.`, code: issue.code })
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

async function wavTranscript(bytes: Uint8Array, { signal }: SpeechCall): Promise<Transcript> {
  const wav = readWav(bytes)
  const speech = new SpeechMeter(wav.rate, usualSilenceMs)
  const spans: Span[] = []
  const frameBytes = wav.frames === 0 ? 1 : wav.data.length / wav.frames
  // A second of sound at a time: an hour of it would keep everybody else waiting.
  const step = wav.rate * frameBytes
  for (let at = 0; at < wav.data.length; at += step) {
    await turn(signal)
    const pcm = pcmOfWav({ ...wav, data: wav.data.subarray(at, at + step) })
    for (const event of speech.push(pcm)) if (event.type === 'span') spans.push(event.span)
  }
  const rest = speech.cut()
  if (rest) spans.push(rest)
  const words = spans.map((span) => wordOf(span, wav.rate))
  const text = words.map((word) => word.text).join(' ')
  return { text, seconds: wav.frames / wav.rate, ...(words.length > 0 && { words }) }
}

function readWav(bytes: Uint8Array): Wav {
  try {
    return parseWav(bytes)
  } catch (error) {
    if (!(error instanceof WavError)) throw error
    throw new GatewayError('provider_rejected', { message: `Demo: the WAV file cannot be read: ${error.message}.`, cause: error })
  }
}

/** What is not decoded here is taken for speech from its beginning to its end. */
function ofLength(seconds: AudioFile['seconds']): Transcript {
  return seconds === undefined ? { text: '[speech]' } : { text: said(seconds), seconds }
}

// ── Streams ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Puts what was heard into words. */
class Reporter {
  readonly #rate: number
  /** The texts of this turn. */
  readonly #turn: string[] = []
  #hasSpoken = false

  constructor(rate: number) {
    this.#rate = rate
  }

  *told(event: Metered): Generator<SttEvent> {
    switch (event.type) {
      case 'start':
        yield { type: 'speech-start', atMs: (event.at * 1000) / this.#rate }
        return
      case 'going':
        yield { type: 'partial', text: wordOf(event.span, this.#rate).text }
        return
      case 'span':
        yield this.final(event.span)
        return
      case 'end':
        yield { type: 'turn-end', text: this.#turn.splice(0).join(' ') }
    }
  }

  final(span: Span): SttEvent & { type: 'final' } {
    const word = wordOf(span, this.#rate)
    // Put together as they are, the texts have a space between them.
    const text = this.#hasSpoken ? ` ${word.text}` : word.text
    this.#hasSpoken = true
    this.#turn.push(word.text)
    return { type: 'final', text, words: [word] }
  }

  flushed(span: Span | undefined): SttEvent {
    return span ? { ...this.final(span), flushed: true } : { type: 'final', text: '', flushed: true }
  }
}

function wordOf({ start, end }: Span, rate: number): Word {
  return { text: said((end - start) / rate), startMs: (start * 1000) / rate, endMs: (end * 1000) / rate }
}

function said(seconds: number): string {
  return `Speech of ${Math.max(0.1, seconds).toFixed(1)} seconds.`
}
