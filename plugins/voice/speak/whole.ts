import { Cancelled } from '../../../api/error.ts'
import type { AudioBlock, ContentBlock } from '../../../api/schemas.gen.ts'
import { bytesOfSamples } from '../../../audio/pcm.ts'
import { sniffAudio } from '../../../audio/sniff.ts'
import { wavHeader } from '../../../audio/wav.ts'
import type { Alignment } from '../../../providers/speech.ts'
import { type Line, Script } from '../../../text/script.ts'
import type { SpeakingPlan } from '../plan.ts'
import { joined, shifted, told } from './alignment.ts'
import { longestLine } from './longest-line.ts'
import { isPcm, type SpeakingParts, type SpokenAnswer } from './parts.ts'
import { Sequence } from './sequence.ts'
import { tooLong, type Unavailable, unavailable } from './unavailable.ts'
import { UsageMeter } from './usage.ts'

export interface WholeSpeech {
  /** Absent where there is nothing to say, and where it could not be said. */
  readonly block?: AudioBlock
  readonly unavailable?: Unavailable
}

/**
 * Speaks a finished answer: its blocks of text, as one file. Sentences of PCM are spoken at the same time and joined to the sample.
 *
 * MP3 and Opus come in as few calls as the voice allows, whose files stand one after the other: players go on with the next MP3 at
 * once, with a few hundredths of silence between; Opus is then a chained Ogg, which browsers and most players read, though some stop after its first
 * part.
 *
 * A sentence is joined to those before it once it has been spoken to its end, so that none is heard in two parts. `meter` tells at any
 * time what was used until then, also of an answer that comes to nothing.
 *
 * Throws the reason of the caller's signal once that has aborted.
 */
export async function speakWhole(
  content: readonly ContentBlock[],
  parts: SpeakingParts,
  answer: SpokenAnswer,
  meter: UsageMeter = new UsageMeter(),
): Promise<WholeSpeech> {
  const lines = linesOf(content, answer.plan)
  if (lines.every(({ say }) => say === '')) return {}
  const sequence = new Sequence(parts, answer, meter, 'by sentences')
  const recording = new Recording(answer.plan, parts.limits.maxBytes)
  try {
    const characters = lines.reduce((sum, { say }) => sum + say.length, 0)
    const { maxCharacters } = parts.limits
    if (characters > maxCharacters) throw tooLong(`${characters} characters of at most ${maxCharacters}`)
    for (const line of lines) if (line.say !== '') sequence.push(line)
    sequence.end()
    for (let portion = await sequence.next(); portion; portion = await sequence.next()) {
      if (portion.isFirst) recording.nextSentence()
      for (const { bytes } of portion.sound) recording.add(bytes)
      if (portion.alignment) recording.align(portion.alignment)
    }
    return { block: recording.finished(lines.map(({ text }) => text).join('')) }
  } catch (error) {
    answer.caller.signal.throwIfAborted()
    meter.unheard()
    return { unavailable: unavailable(error, answer.caller) }
  } finally {
    sequence.close(new Cancelled())
  }
}

// ── What is said ────────────────────────────────────────────────────────────────────────────────────────────────────────

function linesOf(content: readonly ContentBlock[], plan: SpeakingPlan): readonly Line[] {
  const longest = longestLine(plan, isPcm(plan) ? longestSentence : longestCall)
  const script = new Script({
    language: plan.textLanguage,
    maxCharacters: Math.min(longest, longestSentence),
    firstClause: false,
  })
  const lines = content.flatMap((block) => (block.type === 'text' ? script.push(block.text) : script.pause()))
  return packed([...lines, ...script.end()], isPcm(plan) ? 0 : longest)
}

/** Lines put together as long as they are no longer than this; one that nobody would say goes with the one before it, or with the first. */
function packed(lines: readonly Line[], most: number): readonly Line[] {
  const packs: Line[] = []
  let silent = ''
  for (const { text, say } of lines) {
    const last = packs.at(-1)
    if (last && (say === '' || `${last.text}${text}`.trim().length <= most)) {
      const together = last.text + text
      packs[packs.length - 1] = { text: together, say: say === '' ? last.say : together.trim() }
    } else if (say === '') silent += text
    else {
      packs.push({ text: silent + text, say })
      silent = ''
    }
  }
  return packs
}

/** As when it is spoken while it is written, so that both find the same sentences in the cache. */
const longestSentence = 300
/** Some five minutes of sound. */
const longestCall = 4000

// ── What is heard ───────────────────────────────────────────────────────────────────────────────────────────────────────

const mediaTypes = { wav: 'audio/wav', pcm: 'audio/pcm', mp3: 'audio/mpeg', opus: 'audio/ogg' } as const

/** Sound of several sentences that becomes one file. */
class Recording {
  readonly #plan: SpeakingPlan
  readonly #maxBytes: number
  readonly #pieces: Uint8Array[] = []
  readonly #alignments: Alignment[] = []
  #bytes = 0
  /** Where the sentence begins: in pieces, and in seconds; undefined where that cannot be told. */
  #firstPiece = 0
  #from: number | undefined = 0

  constructor(plan: SpeakingPlan, maxBytes: number) {
    this.#plan = plan
    this.#maxBytes = maxBytes
  }

  nextSentence(): void {
    this.#from = this.#seconds()
    this.#firstPiece = this.#pieces.length
  }

  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.#bytes > this.#maxBytes) throw tooLong(`its sound takes more than ${this.#maxBytes} bytes`)
    this.#pieces.push(bytes)
  }

  /** From the beginning of the sentence. */
  align(alignment: Alignment): void {
    if (this.#from !== undefined) this.#alignments.push(shifted(alignment, this.#from * 1000))
  }

  finished(transcript: string): AudioBlock {
    const { format, rate } = this.#plan
    const header = format === 'wav' ? [wavHeader(rate, this.#bytes)] : []
    const alignment = joined(this.#alignments)
    return {
      type: 'audio',
      source: {
        type: 'base64',
        media_type: mediaTypes[format],
        data: Buffer.concat([...header, ...this.#pieces]).toString('base64'),
      },
      transcript,
      ...(isPcm(this.#plan) && { sample_rate_hz: rate }),
      ...(alignment && { alignment: told(alignment) }),
    }
  }

  /** How long all of it lasts. */
  #seconds(): number | undefined {
    if (isPcm(this.#plan)) return this.#bytes / bytesOfSamples(this.#plan.rate)
    const sentence = this.#pieces.slice(this.#firstPiece)
    if (sentence.length === 0 || this.#from === undefined) return this.#from
    const seconds = sniffAudio(Buffer.concat(sentence))?.seconds
    return seconds === undefined ? undefined : this.#from + seconds
  }
}
