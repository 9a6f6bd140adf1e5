import { effect, type Move, set, setTurn } from './move.ts'
import { overAt } from './playback.ts'
import { type SessionState, turnOf } from './state.ts'
import { isAllSaid, say } from './voice.ts'

/**
 * Whoever asks and hears nothing for long thinks that nobody is there. While a tool takes long, something is said that the model did not say: once
 * in a turn, only where all that it did say was heard, and never into somebody's words.
 */
export function fillSilence(move: Move): void {
  const turn = turnOf(move.state)
  const { rules, fillers } = move.state
  const due = fillerAt(move.state)
  if (!turn || !rules.filler || due === undefined || due > move.at) return
  const { texts } = rules.filler
  const { sentences, characters } = turn.voice
  const before = sentences.at(-1)?.text ?? ' '
  const text = `${/\s$/.test(before) ? '' : ' '}${(texts[fillers % texts.length] ?? '').trim()} `
  setTurn(move, { isFilled: true })
  set(move, { fillers: fillers + 1 })
  if (text.trim() === '' || characters + text.length > rules.limits.maxSpokenCharacters) return
  effect(move, { type: 'filler', turn: turn.number, text })
  say(move, text)
}

/** When there has been silence for long enough; undefined where nothing is to be said into it. */
export function fillerAt(state: SessionState): number | undefined {
  const { rules, user, lostAt, stalledAt } = state
  const turn = turnOf(state)
  if (!rules.filler || turn?.calledAt === undefined || turn.tools.length === 0 || turn.isFilled || turn.isTextComplete)
    return undefined
  const { voice, calledAt } = turn
  const canBeHeard = lostAt === undefined && stalledAt === undefined && voice.level !== 'none'
  if (!canBeHeard || user.phase !== 'silent' || !isAllSaid(voice)) return undefined
  const silentSince = voice.epoch ? overAt(voice.epoch, rules) : calledAt
  return silentSince === undefined ? undefined : Math.max(calledAt, silentSince) + rules.filler.afterMs
}
