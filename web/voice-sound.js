// What comes over the wire becomes events, samples, times and words. Nothing here knows the page.

/**
 * @typedef {{ kind: string, tokens: string[], start_ms: number[], dur_ms: number[] }} Alignment
 * @typedef {{ text: string, atMs: number, endMs: number }} TimedWord
 */

/**
 * The data of a stream of server-sent events, parsed, wherever the network has cut it.
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<any, void>}
 */
export async function* eventsIn(body) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const events = (rest + decoder.decode(value, { stream: true })).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) {
        const data = event.split('\n').filter((line) => line.startsWith('data:'))
        if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(5)).join('\n'))
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

/**
 * 16-bit PCM in base64 as samples between -1 and 1.
 * @param {string} base64
 * @returns {Float32Array<ArrayBuffer>}
 */
export function samplesIn(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length >> 1 }, (_, at) => view.getInt16(at * 2, true) / 32_768)
}

/**
 * Tells for each stretch of sound the sample at which it is to begin: where the one before it ends, so that there is neither a gap nor
 * an overlap; and a little later than now where nothing is playing any more.
 */
export class Timeline {
  #rate
  /** The first sample after everything so far; before the beginning where there is nothing. */
  #end = -1

  /** @param {number} rate Samples a second. */
  constructor(rate) {
    this.#rate = rate
  }

  /** Seconds. */
  get end() {
    return this.#end / this.#rate
  }

  /**
   * When the next stretch begins, in seconds.
   * @param {number} samples
   * @param {number} now Seconds.
   */
  add(samples, now) {
    const isPlaying = this.#end >= now * this.#rate
    const start = isPlaying ? this.#end : Math.ceil((now + leadSeconds) * this.#rate)
    this.#end = start + samples
    return start / this.#rate
  }
}

/** What a browser needs to begin to play. */
const leadSeconds = 0.08

/**
 * The words of an alignment, whether it is of words or of characters.
 * @param {Alignment} alignment
 * @returns {TimedWord[]}
 */
export function wordsOf({ kind, tokens, start_ms, dur_ms }) {
  /** @type {TimedWord[]} */
  const words = []
  /** @type {TimedWord | undefined} */
  let open
  for (const [at, token] of tokens.entries()) {
    const atMs = start_ms[at] ?? 0
    const endMs = atMs + (dur_ms[at] ?? 0)
    const isSpace = token.trim() === ''
    if (kind === 'word' || isSpace || !open) {
      open = isSpace ? undefined : { text: token, atMs, endMs }
      if (open) words.push(open)
    } else {
      open.text += token
      open.endMs = endMs
    }
  }
  return words
}

/**
 * Where words stand in a text, one after the other. What is spoken is not always what is written: a word that is not there soon has no place.
 */
export class Places {
  #from = 0

  /**
   * @param {string} text
   * @param {string} word
   * @returns {{ from: number, to: number } | undefined}
   */
  next(text, word) {
    const from = text.indexOf(word, this.#from)
    if (from < 0 || from - this.#from > farthest) return undefined
    this.#from = from + word.length
    return { from, to: this.#from }
  }
}

/** Characters that may be passed over, such as those of a link or a block of code. */
const farthest = 2000
