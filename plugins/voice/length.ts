import type { IssueCode } from '../../api/issue-codes.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import type { AudioFile, Transcript } from '../../providers/speech.ts'
import type { HearingModel, SoundBlock } from './plan.ts'

/** How much sound may be heard, as far as files and vendors tell. */
export interface LengthLimits {
  /** The longest sound of a block, and of all blocks together, in seconds. */
  readonly blockSeconds: number
  readonly totalSeconds: number
}

interface Measured {
  readonly block: SoundBlock
  readonly file: Pick<AudioFile, 'bytes' | 'seconds'>
}

/** What is wrong with the length of a block's file: it is too long, or does not tell, and is so large that it may be. */
export function blockTooLong({ block, file }: Measured, { blockSeconds }: LengthLimits): Issue | undefined {
  if (mostSeconds(file) <= blockSeconds) return undefined
  return issue(block, `${described(file)}; at most ${blockSeconds} are allowed`)
}

/** Told of the block with which it becomes too much. */
export function togetherTooLong(sounds: readonly Measured[], { totalSeconds }: LengthLimits): Issue | undefined {
  let seconds = 0
  for (const { block, file } of sounds) {
    seconds += mostSeconds(file)
    if (seconds <= totalSeconds) continue
    return issue(
      block,
      `with it, the sound of all blocks lasts ${shown(seconds)} seconds or more; at most ${totalSeconds} are allowed together`,
    )
  }
  return undefined
}

/** Adds up what vendors heard, which files may have said too little of. */
export class HeardLength {
  readonly #limits: LengthLimits
  #total = 0

  constructor(limits: LengthLimits) {
    this.#limits = limits
  }

  /** What is wrong where a block turns out to be far too long, or all so far together. */
  add({ block, file }: Measured, transcript: Transcript, model: HearingModel): Issue | undefined {
    const seconds = heardSeconds(transcript) ?? file.seconds ?? 0
    this.#total += seconds
    const { blockSeconds, totalSeconds } = this.#limits
    const heard = `${model.id} heard ${shown(seconds)} seconds in it`
    if (isFarOver(seconds, blockSeconds)) return issue(block, `${heard}; at most ${blockSeconds} are allowed`)
    if (!isFarOver(this.#total, totalSeconds)) return undefined
    return issue(block, `${heard}, and ${shown(this.#total)} in all; at most ${totalSeconds} are allowed together`)
  }
}

/** As the vendor counts it, or to its last word. */
function heardSeconds({ seconds, words }: Transcript): number | undefined {
  const lastMs = words?.at(-1)?.endMs
  return lastMs === undefined ? seconds : Math.max(seconds ?? 0, lastMs / 1000)
}

/** Vendors round, and count what they put in: a tenth and some seconds more are not worth a refusal of what has been paid. */
function isFarOver(seconds: number, most: number): boolean {
  return seconds > most * 1.1 + 5
}

function mostSeconds({ bytes, seconds }: Measured['file']): number {
  return seconds ?? (bytes.length * 8) / leastBitRate
}

/** Bits a second, less than which nobody takes for speech of the kinds that do not tell their length. */
const leastBitRate = 6000

function described(file: Measured['file']): string {
  if (file.seconds !== undefined) return `lasts ${shown(file.seconds)} seconds`
  return `does not tell how long it lasts, and may last ${shown(mostSeconds(file))} seconds by its size`
}

function issue({ param }: SoundBlock, message: string): Issue {
  const code: IssueCode = 'audio_too_long'
  return { param, code, message }
}

/** Rounded up, so that nothing looks allowed that is not. */
function shown(seconds: number): string {
  return String(Math.ceil(seconds * 10) / 10)
}
