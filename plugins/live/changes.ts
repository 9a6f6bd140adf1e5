import { connectStt, setStt } from './hearing.ts'
import type { ClientInput } from './inputs.ts'
import { effect, type Move, set } from './move.ts'
import { noDoubts, type SessionState, turnOf } from './state.ts'
import { dropSpeculation } from './turns.ts'

/** What the client wants otherwise from the next turn on. */
export function onUpdate(move: Move, input: Extract<ClientInput, { type: 'update' }>): void {
  const { changes, turns } = move.state
  const { turn, filler, hasFallbackVoice, hearing } = input
  const before = changes?.rules
  // The next turn may be asked in another way than it was ahead.
  dropSpeculation(move)
  set(move, {
    changes: {
      rules: {
        ...before,
        ...((before?.turn ?? turn) && { turn: { ...before?.turn, ...turn } }),
        ...(filler !== undefined && { filler }),
        ...(hasFallbackVoice !== undefined && { hasFallbackVoice }),
      },
      hearing: hearing ?? changes?.hearing ?? false,
      after: changes?.after ?? turns,
    },
  })
}

/** That turn begins, or is still to be asked for: from here on it is as the client wants. Whether anything is another than before. */
export function adoptChanges(move: Move): boolean {
  const { changes, rules, stt } = move.state
  if (!changes || !(isBetweenTurns(move.state) || (turnOf(move.state)?.number ?? 0) > changes.after)) return false
  const { turn, filler, ...others } = changes.rules
  set(move, {
    changes: undefined,
    rules: {
      ...rules,
      ...others,
      turn: { ...rules.turn, ...turn },
      filler: filler === undefined ? rules.filler : (filler ?? undefined),
    },
  })
  if (changes.hearing) {
    effect(move, { type: 'stt-adopt' })
    setStt(move, { endsTurns: false, doubts: noDoubts })
    if (stt.phase !== 'off') connectStt(move)
  }
  return true
}

function isBetweenTurns({ agent, user, closing, next, speculation }: SessionState): boolean {
  return agent.phase === 'idle' && user.phase === 'silent' && !closing && !next && !speculation
}
