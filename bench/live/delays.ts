import type { Seen, Taken } from './control.ts'
import type { Done } from './harness.ts'
import { frameMs, voiceBytesPerMs } from './sound.ts'

/** What both ends have seen of the same thing, as delays in milliseconds. */

/**
 * Of each frame, from when the client sent it until the engine that hears had a piece of sound that only it can have completed. What a resampler
 * holds back for its look ahead is less than a frame. Those at the beginning are left out: they wait for the engine to be connected.
 */
export function micDelays({ taken, seen }: Done, fromMs: number): number[] {
  return taken.flatMap(({ name, sentAt, frameSamples }) => {
    const { heardAt = [], heardSamples = [], rate = 0 } = seen.get(name) ?? {}
    const samples = Math.round((rate * frameMs) / 1000)
    const delays: number[] = []
    let piece = 0
    for (let frame = 0; frame < sentAt.length; frame++) {
      while (piece < heardAt.length && (heardSamples[piece] ?? 0) <= frame * samples) piece++
      const [sent, heard] = [sentAt[frame], heardAt[piece]]
      // The last ones may be cut off by the goodbye.
      if (sent === undefined || heard === undefined) break
      if (frame * frameMs >= fromMs) delays.push((heard - sent) / 1000)
    }
    const lost = sentAt.length - fromMs / frameMs - delays.length
    if (lost > 3) throw new Error(`${name}: ${lost} frames of ${frameSamples} samples were not heard`)
    return delays
  })
}

/** A turn of which everything is known. */
interface Turn {
  readonly finalAt: number
  readonly askedAt: number
  readonly answeredAt: number
  readonly givenAt: number
  readonly madeAt: number
  readonly soundAt: number
}

function turnsOf(taken: Taken, seen: Seen): readonly Turn[] {
  const firsts = seen.spoken.filter(({ isFirst }) => isFirst)
  if (seen.askedAt.length > seen.finalAt.length)
    throw new Error(`${taken.name}: asked ${seen.askedAt.length} times for ${seen.finalAt.length} questions`)
  return taken.turns.flatMap(({ pieceAt }, at) => {
    const first = firsts[at]
    const times = [seen.finalAt[at], seen.askedAt[at], seen.answeredAt[at], first?.givenAt, first?.chunkAt[0], pieceAt[0]]
    const [finalAt, askedAt, answeredAt, givenAt, madeAt, soundAt] = times
    if (finalAt === undefined || askedAt === undefined || answeredAt === undefined) return []
    if (givenAt === undefined || madeAt === undefined || soundAt === undefined) return []
    return { finalAt, askedAt, answeredAt, givenAt, madeAt, soundAt }
  })
}

/** Of each turn, from the engine's last words until the client had the first sound, without what model and voice took; and its parts. */
export interface TurnDelays {
  readonly whole: number[]
  readonly toModel: number[]
  readonly toVoice: number[]
  readonly toClient: number[]
}

export function turnDelays({ taken, seen }: Done): TurnDelays {
  const delays: TurnDelays = { whole: [], toModel: [], toVoice: [], toClient: [] }
  for (const each of taken) {
    const own = seen.get(each.name)
    if (!own) continue
    for (const { finalAt, askedAt, answeredAt, givenAt, madeAt, soundAt } of turnsOf(each, own)) {
      const parts = [(askedAt - finalAt) / 1000, (givenAt - answeredAt) / 1000, (soundAt - madeAt) / 1000] as const
      const [toModel, toVoice, toClient] = parts
      delays.toModel.push(toModel)
      delays.toVoice.push(toVoice)
      delays.toClient.push(toClient)
      delays.whole.push(toModel + toVoice + toClient)
    }
  }
  return delays
}

/** Of each interruption, from the engine's first words until the client was told to be silent. */
export function resetDelays({ taken, seen }: Done): number[] {
  return taken.flatMap(({ name, turns }) => {
    const partials = seen.get(name)?.partialAt ?? []
    return turns.flatMap(({ resetAt }) => {
      if (resetAt === 0) return []
      const said = partials.findLast((at) => at < resetAt)
      return said === undefined ? [] : [(resetAt - said) / 1000]
    })
  })
}

/** Of each of the voice's pieces, from when it was made until the client had the last byte of it. Throws where a whole answer has less sound than was made. */
export function soundDelays({ taken, seen }: Done): number[] {
  return taken.flatMap(({ name, turns }) => {
    const answers = answersOf(seen.get(name)?.spoken ?? [])
    return turns.flatMap((turn, at) => {
      const made = answers[at] ?? []
      const came = turn.pieceBytes.reduce((sum, bytes) => sum + bytes, 0)
      const bytes = made.reduce((sum, each) => sum + each.bytes, 0)
      if (turn.isComplete && came !== bytes) throw new Error(`${name}: ${came} bytes of sound came of ${bytes}`)
      return piecesLate(turn, made)
    })
  })
}

function answersOf(spoken: Seen['spoken']): Seen['spoken'][] {
  const answers: Seen['spoken'][] = []
  for (const each of spoken) {
    if (each.isFirst) answers.push([])
    answers.at(-1)?.push(each)
  }
  return answers
}

function piecesLate({ pieceAt, pieceBytes }: Taken['turns'][number], made: Seen['spoken']): number[] {
  const delays: number[] = []
  let [piece, came, end] = [0, pieceBytes[0] ?? 0, 0]
  for (const { chunkAt, bytes } of made) {
    const begin = end
    for (const [at, sentAt] of chunkAt.entries()) {
      end = Math.min(begin + bytes, begin + (at + 1) * chunkBytes)
      while (came < end && piece < pieceAt.length) came += pieceBytes[++piece] ?? 0
      const gotAt = pieceAt[piece]
      // What was stopped never comes.
      if (gotAt === undefined) return delays
      delays.push((gotAt - sentAt) / 1000)
    }
    end = begin + bytes
  }
  return delays
}

/** As long as a frame. */
export const chunkBytes = frameMs * voiceBytesPerMs
