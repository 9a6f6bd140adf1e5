import type { PlayerState } from './inputs.ts'
import type { Rules } from './rules.ts'
import type { Epoch } from './state.ts'

/**
 * What a client has of one stretch of sound, and what it has played. Where it tells (`marks`), only that counts. Where it does not,
 * it is supposed to play as soon as the sound can have reached it, and to run dry where too little came.
 */
export function openEpoch(audio: number, baseMs: number, at: number): Epoch {
  return {
    audio,
    baseMs,
    sentMs: 0,
    seq: 0,
    playedMs: 0,
    playedAt: at,
    sentAt: at,
    progressAt: at,
    isPaused: false,
    isEnded: false,
  }
}

/** The stretch with a piece of sound more. Without marks no piece counts as playing before it can have come, so that those before it may have run dry. */
export function withSound(epoch: Epoch, ms: number, at: number, rules: Rules): Epoch {
  const played = playedMs(epoch, at, rules)
  const left = epoch.sentMs - played
  const grown = {
    ...epoch,
    sentMs: epoch.sentMs + ms,
    seq: epoch.seq + 1,
    sentAt: at,
    progressAt: left > 0 ? epoch.progressAt : at,
  }
  if (rules.marks) return grown
  return { ...grown, playedMs: played, playedAt: Math.max(at, epoch.playedAt, at + rules.limits.playoutDelayMs - left) }
}

/** The stretch with what a client tells of it; more than it was given cannot be played. */
export function withMark(epoch: Epoch, told: number, state: PlayerState, at: number): Epoch {
  const played = Math.min(epoch.sentMs, Math.max(epoch.playedMs, state === 'finished' && epoch.isEnded ? epoch.sentMs : told))
  const isFurther = played > epoch.playedMs
  return {
    ...epoch,
    playedMs: played,
    playedAt: isFurther ? at : epoch.playedAt,
    progressAt: isFurther ? at : epoch.progressAt,
    isPaused: state === 'paused',
  }
}

/** How much of the stretch was played for certain, as far as anybody can know. */
export function playedMs({ playedMs: known, playedAt, sentMs }: Epoch, at: number, { marks }: Rules): number {
  return marks ? known : Math.min(sentMs, known + Math.max(0, at - playedAt))
}

export function inFlightMs(epoch: Epoch, at: number, rules: Rules): number {
  return epoch.sentMs - playedMs(epoch, at, rules)
}

/** Whether so little is left to play that more may be given out. A trace more is as little: it may be what rounding leaves at the time of `lowAt`. */
export function isLow(epoch: Epoch, at: number, rules: Rules): boolean {
  return inFlightMs(epoch, at, rules) < rules.limits.lowMs + 0.001
}

/** When that is so; undefined where only the client can tell. */
export function lowAt({ sentMs, playedMs: known, playedAt }: Epoch, { marks, limits }: Rules): number | undefined {
  return marks ? undefined : Math.ceil(playedAt + Math.max(0, sentMs - known - limits.lowMs))
}

/** When all of it has been played although nobody told; undefined while the client stands still. */
export function overAt({ sentMs, playedMs: known, playedAt, sentAt, isPaused }: Epoch, rules: Rules): number | undefined {
  if (!rules.marks) return playedAt + (sentMs - known)
  if (isPaused) return undefined
  return known >= sentMs ? playedAt : Math.max(playedAt, sentAt) + (sentMs - known) + rules.limits.tailMs
}

/** When a client that should play has stood still for too long. */
export function stuckAt(epoch: Epoch, { marks, limits }: Rules): number | undefined {
  return marks && epoch.playedMs < epoch.sentMs ? epoch.progressAt + limits.stuckMs : undefined
}

/** The stretch as nobody plays it any more. */
export function frozen(epoch: Epoch, at: number, rules: Rules): Epoch {
  return { ...epoch, playedMs: playedMs(epoch, at, rules), playedAt: Number.MAX_SAFE_INTEGER }
}

/** The stretch as it is played again, once what was on its way can have come. */
export function thawed(epoch: Epoch, at: number, { marks, limits }: Rules): Epoch {
  return { ...epoch, sentAt: at, progressAt: at, playedAt: marks ? epoch.playedAt : at + limits.playoutDelayMs }
}
