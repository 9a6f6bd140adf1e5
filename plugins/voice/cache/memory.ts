import type { Alignment } from '../../../providers/speech.ts'
import type { CachedSpeech, SpeechCache } from './cache.ts'

/**
 * Keeps speech in this process, at most `maxBytes` of it with all that belongs to it; what was not asked for the longest goes first. What is
 * larger than a tenth of the whole is not kept, because too much else would have to go.
 */
export class MemorySpeechCache implements SpeechCache {
  readonly #maxBytes: number
  /** In the order in which they were asked for, the last one last. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  async get(key: string): Promise<CachedSpeech | undefined> {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.speech
  }

  put(key: string, speech: CachedSpeech): void {
    const bytes = sizeOf(key, speech)
    if (bytes > this.#maxBytes / 10) return
    this.#drop(key)
    this.#entries.set(key, { speech: { ...speech, bytes: alone(speech.bytes) }, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#drop(oldest)
    }
  }

  close(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }
}

interface Entry {
  readonly speech: CachedSpeech
  readonly bytes: number
}

/** What takes little of a larger piece of memory would keep all of that alive. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

/** About what it takes, in bytes: two a character, eight a number, and something for each thing. */
function sizeOf(key: string, { bytes, alignments }: CachedSpeech): number {
  return thingBytes + key.length * 2 + bytes.byteLength + alignments.reduce((sum, each) => sum + alignmentBytes(each), 0)
}

function alignmentBytes({ tokens, startMs, durationMs }: Alignment): number {
  const characters = tokens.reduce((sum, token) => sum + token.length, 0)
  return thingBytes + characters * 2 + tokens.length * stringBytes + (startMs.length + durationMs.length) * 8
}

const thingBytes = 256
const stringBytes = 32
