import type { Input } from '../plugins/live/inputs.ts'
import type { Replay, ReplayedStep } from '../plugins/live/recording/replay.ts'
import type { TraceHeader } from '../plugins/live/recording/trace.ts'

/** A session that was played again, for people to read. Texts end with a line's end. */

export function beginningOf({ session, gateway, began_at: beganAt, models }: TraceHeader): string {
  const { model, stt, tts, voice } = models
  const heard = stt === null ? 'nobody hears' : `${stt} hears`
  return `${session}, begun ${beganAt} with version ${gateway}\n${model} answers, ${heard}, ${voice} speaks by ${tts}\n\n`
}

export function endOf({ header, steps, same, differing, differences, brokenOff }: Replay, version: string): string {
  const stopped = brokenOff === undefined ? '' : `The recording ends before its session: ${brokenOff}.\n`
  if (same) return `${stopped}${steps} steps, the same effects.\n`
  const other = header.gateway === version ? '' : ` It was recorded with version ${header.gateway}; this is ${version}.`
  const first = differences[0]
  const where = first ? `, the first of them in line ${first.line}:\n${differenceOf(first)}` : '.\n'
  return `${stopped}${steps} steps, of which ${differing} have other effects${where}${other && `${other.trim()}\n`}`
}

/** What was done then and is not done now, and the other way round. */
function differenceOf({ input, recorded, replayed }: ReplayedStep): string {
  const lines = [`${timeOf(input)}  ${describe(input)}`]
  for (const effect of recorded) lines.push(`${indent}then ${describe(effect)}`)
  if (recorded.length === 0) lines.push(`${indent}then nothing`)
  for (const effect of replayed) lines.push(`${indent}now  ${describe(effect)}`)
  if (replayed.length === 0) lines.push(`${indent}now  nothing`)
  return `${lines.join('\n')}\n`
}

/** Step after step. Frames of sound that were heard and did nothing else stand in one line. */
export class StepText {
  #frames = 0
  #framesMs = 0
  #framesAt = ''

  of(step: ReplayedStep): string {
    const { input, replayed, isSame } = step
    if (isSame && input.type === 'tick' && replayed.length === 0) return ''
    if (isSame && input.type === 'frame' && replayed.every(({ type }) => type === 'hear')) {
      if (this.#frames++ === 0) this.#framesAt = timeOf(input)
      this.#framesMs += input.ms
      return ''
    }
    const lines = [`${timeOf(input)}  ${describe(input)}`, ...replayed.map((effect) => `${indent}→ ${describe(effect)}`)]
    return `${this.rest()}${isSame ? `${lines.join('\n')}\n` : `≠ other effects than in line ${step.line}\n${differenceOf(step)}`}`
  }

  /** What was not told yet. */
  rest(): string {
    if (this.#frames === 0) return ''
    const text = `${this.#framesAt}  ${this.#frames} frames, ${Math.round(this.#framesMs)} ms\n`
    this.#frames = 0
    this.#framesMs = 0
    return text
  }
}

const indent = ' '.repeat(14)

/** Seconds, to the millisecond. */
function timeOf({ at }: Input): string {
  return (at / 1000).toFixed(3).padStart(12)
}

/** `stt link=1 partial text="hello"`: the kind of a thing and what else is in it; things within it likewise. */
function describe(thing: unknown): string {
  if (typeof thing !== 'object' || thing === null || !('type' in thing)) return JSON.stringify(thing) ?? String(thing)
  const parts = [String(thing.type)]
  for (const [name, value] of Object.entries(thing)) {
    if (name === 'type' || name === 'at' || value === undefined) continue
    parts.push(
      typeof value === 'object' && value !== null && 'type' in value ? describe(value) : `${name}=${JSON.stringify(value)}`,
    )
  }
  return parts.join(' ')
}
