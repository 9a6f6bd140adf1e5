import { bytesPerSample, SampleJoiner } from './pcm.ts'

/**
 * Changes the rate of one stream of PCM. For n samples in all, exactly `round(n × to / from)` come out, the first of them at the
 * very time of the first that went in, and the bytes are the same wherever the stream was cut into chunks.
 */
export interface Resampler {
  /** What is ready by now, perhaps nothing: the filter looks a few milliseconds ahead. Bytes may be cut within a sample. */
  push(bytes: Uint8Array): Uint8Array
  /** The rest, and the end: what the resampler held is freed, and nothing may be pushed any more. */
  flush(): Uint8Array
  /** Ends a stream whose rest nobody wants. Does nothing after `flush` or a second time. */
  close(): void
}

export type NewResampler = (from: number, to: number) => Resampler

/**
 * Starts the Speex resampler, which is compiled into WebAssembly, and gives the function that makes resamplers; it takes any two
 * whole rates from 4,000 to 384,000 Hz and throws a `RangeError` for others. Each start takes some 20 MB: start once a process.
 */
export async function startResampling(): Promise<NewResampler> {
  const speex = await loadSpeex()
  return (from, to) => {
    for (const rate of [from, to]) {
      if (!Number.isInteger(rate) || rate < 4000 || rate > 384_000) throw new RangeError(`${rate} Hz cannot be resampled`)
    }
    return from === to ? new Unchanged() : new SpeexResampler(speex, from, to)
  }
}

/** Whole samples as they come: nothing is copied that is not cut within a sample. */
class Unchanged implements Resampler {
  readonly #joiner = new SampleJoiner()

  push(bytes: Uint8Array): Uint8Array {
    return this.#joiner.push(bytes)
  }

  flush(): Uint8Array {
    return nothing
  }

  close(): void {
    // It holds nothing.
  }
}

class SpeexResampler implements Resampler {
  readonly #speex: Speex
  /** The ratio of the rates in lowest terms: `#taken` samples become `#given`. */
  readonly #taken: number
  readonly #given: number
  readonly #joiner = new SampleJoiner()
  readonly #state: number
  /** One stretch of memory for two lengths, the samples in, and the samples out; 0 when it has been freed. */
  #memory: number
  readonly #room: number
  /** Samples at the beginning that are older than the stream. */
  #early: number
  readonly #lookahead: number
  #samplesIn = 0
  #samplesOut = 0

  constructor(speex: Speex, from: number, to: number) {
    const divisor = greatestDivisor(from, to)
    this.#speex = speex
    this.#taken = from / divisor
    this.#given = to / divisor
    this.#room = Math.ceil((blockSamples * this.#given) / this.#taken) + 1
    this.#memory = speex._malloc(lengthsBytes + (blockSamples + this.#room) * bytesPerSample)
    this.#state = this.#memory === 0 ? 0 : speex._speex_resampler_init(1, from, to, quality, this.#memory)
    if (this.#state === 0) {
      speex._free(this.#memory)
      throw new Error('there is no memory for another resampler')
    }
    // The filter is half its length late. Silence before the stream makes that a whole number of samples on both sides, which are
    // left out again: so the delay is gone to the fraction of a sample.
    this.#lookahead = filterLength(this.#taken, this.#given) / 2
    const periods = Math.ceil(this.#lookahead / this.#taken)
    this.#early = periods * this.#given
    this.#silence(periods * this.#taken - this.#lookahead, 0)
  }

  push(bytes: Uint8Array): Uint8Array {
    this.#open()
    const whole = this.#joiner.push(bytes)
    if (whole.length === 0) return nothing
    const count = whole.length / bytesPerSample
    this.#samplesIn += count
    const out = new Uint8Array((Math.ceil((count * this.#given) / this.#taken) + 1) * bytesPerSample)
    let written = 0
    for (let at = 0; at < whole.length; at += blockBytes) {
      const end = Math.min(at + blockBytes, whole.length)
      this.#speex.HEAPU8.set(at === 0 && end === whole.length ? whole : whole.subarray(at, end), this.#memory + lengthsBytes)
      written = this.#process((end - at) / bytesPerSample, out, written)
    }
    return this.#counted(out, written)
  }

  flush(): Uint8Array {
    this.#open()
    const missing = Math.round((this.#samplesIn * this.#given) / this.#taken) - this.#samplesOut
    const room = Math.ceil(((this.#lookahead + this.#taken) * this.#given) / this.#taken) + 1
    const out = new Uint8Array((missing + room) * bytesPerSample)
    if (missing > 0) this.#silence(this.#lookahead + this.#taken, 0, out)
    this.close()
    return out.subarray(0, missing * bytesPerSample)
  }

  close(): void {
    if (this.#memory === 0) return
    this.#speex._speex_resampler_destroy(this.#state)
    this.#speex._free(this.#memory)
    this.#memory = 0
  }

  #open(): void {
    if (this.#memory === 0) throw new Error('the resampler has ended')
  }

  #counted(out: Uint8Array, written: number): Uint8Array {
    this.#samplesOut += written / bytesPerSample
    return written === out.length ? out : out.subarray(0, written)
  }

  /** Lets so many samples of silence in, and writes what comes out to `out` from `written` on. */
  #silence(samples: number, written: number, out: Uint8Array = nothing): void {
    const start = this.#memory + lengthsBytes
    let at = written
    for (let left = samples; left > 0; left -= blockSamples) {
      this.#speex.HEAPU8.fill(0, start, start + blockBytes)
      at = this.#process(Math.min(left, blockSamples), out, at)
    }
  }

  /** Resamples what lies in memory, and gives back how far `out` is written now. */
  #process(samples: number, out: Uint8Array, written: number): number {
    const [speex, memory] = [this.#speex, this.#memory]
    const [input, output] = [memory + lengthsBytes, memory + lengthsBytes + blockBytes]
    speex.HEAP32[memory >> 2] = samples
    speex.HEAP32[(memory >> 2) + 1] = this.#room
    const failed = speex._speex_resampler_process_interleaved_int(this.#state, input, memory, output, memory + 4)
    if (failed !== 0 || speex.HEAP32[memory >> 2] !== samples) throw new Error(`the resampler failed with code ${failed}`)
    const came = speex.HEAP32[(memory >> 2) + 1] ?? 0
    const early = Math.min(this.#early, came)
    this.#early -= early
    if (early === came) return written
    out.set(speex.HEAPU8.subarray(output + early * bytesPerSample, output + came * bytesPerSample), written)
    return written + (came - early) * bytesPerSample
  }
}

const nothing = new Uint8Array(0)
/** As much as goes into WebAssembly at once: 100 ms and more at the rates of speech. */
const blockSamples = 2048
const blockBytes = blockSamples * bytesPerSample
const lengthsBytes = 8

/** Speex's own measure from 0 to 10. At 8 what would alias is 90 dB down, and the passband ends at 95 % of the lower rate's half. */
const quality = 8

/** The taps of Speex's filter at that quality: longer by the ratio where the rate goes down, to a multiple of eight. */
function filterLength(taken: number, given: number): number {
  const taps = 160
  return taken <= given ? taps : Math.ceil(Math.floor((taps * taken) / given) / 8) * 8
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b)
}

// ── WebAssembly ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is used of the compiled library. Its heaps are replaced when the memory grows, so they are read anew each time. */
interface Speex {
  readonly HEAPU8: Uint8Array
  readonly HEAP32: Int32Array
  _malloc(bytes: number): number
  _free(address: number): void
  _speex_resampler_init(channels: number, from: number, to: number, quality: number, error: number): number
  _speex_resampler_destroy(state: number): void
  _speex_resampler_process_interleaved_int(
    state: number,
    input: number,
    inputLength: number,
    output: number,
    outputLength: number,
  ): number
}

/**
 * The library's loader takes the process's uncaught errors and rejections for its own, and would end the process in its own way;
 * it does so before its first await, so that its listeners can be told from others' and taken away at once. Nowhere but here,
 * between the call and that await, can that be done, so this is the one place beside the edges that touches the process; it leaves
 * the process as it found it. The package's own wrapper is passed by: it frees nothing, and loses samples when a chunk gives more of them than it made room for.
 */
async function loadSpeex(): Promise<Speex> {
  const load = await loader()
  const [errors, rejections] = [process.listeners('uncaughtException'), process.listeners('unhandledRejection')]
  const loading = load({})
  for (const listener of process.listeners('uncaughtException')) {
    if (!errors.includes(listener)) process.removeListener('uncaughtException', listener)
  }
  for (const listener of process.listeners('unhandledRejection')) {
    if (!rejections.includes(listener)) process.removeListener('unhandledRejection', listener)
  }
  const speex = await loading
  if (!isSpeex(speex)) throw new Error('speex-resampler has changed what it exports')
  return speex
}

type Loader = (settings: object) => Promise<unknown>

/**
 * The package was written for both kinds of module: some that import it unwrap what Node itself leaves wrapped. Its code holds all of the
 * WebAssembly, and is read where it is needed.
 */
async function loader(): Promise<Loader> {
  const { default: speexModule } = await import('speex-resampler/app/speex_wasm.js')
  const imported: unknown = speexModule
  return isLoader(imported) ? imported : speexModule.default
}

function isLoader(value: unknown): value is Loader {
  return typeof value === 'function'
}

function isSpeex(value: unknown): value is Speex {
  if (typeof value !== 'object' || value === null) return false
  const members = new Map<string, unknown>(Object.entries(value))
  const calls = [
    '_malloc',
    '_free',
    '_speex_resampler_init',
    '_speex_resampler_destroy',
    '_speex_resampler_process_interleaved_int',
  ]
  return members.get('HEAPU8') instanceof Uint8Array && calls.every((name) => typeof members.get(name) === 'function')
}
