import type { SpeechVerdict } from '../../text/real-speech.ts'
import { utteranceId } from './effects.ts'
import { setStt } from './hearing.ts'
import { together } from './joint.ts'
import { type Move, setUser, setUtterance, tell, warn } from './move.ts'
import { type Utterance, wordsSpoken } from './state.ts'
import { beginUtterance, signal } from './utterance.ts'

/** Words as the engine understands them: what was said since the last that were final. */
export interface Words {
  readonly text: string
  readonly confidence?: number
  readonly isFinal: boolean
  /** Where in the sound they end, where that is known. */
  readonly endMs: number | undefined
}

export function onWords(move: Move, words: Words): void {
  const text = beyondOwed(move, words)
  if (!move.state.user.utterance) {
    if (text.trim() === '' || !signal(move, 'words')) return
    beginUtterance(move, move.state.mic.audioMs, false)
  }
  const { utterance, phase } = move.state.user
  if (!utterance) return
  const { finals, partial } = understood(move, utterance, text, words.isFinal)
  const isNew = finals + partial !== utterance.finals + utterance.partial
  const { audioMs } = move.state.mic
  setUtterance(move, {
    finals,
    partial,
    confidence: words.confidence,
    isFinal: words.isFinal && phase === 'settling',
    ...(isNew && { wordAt: move.at, wordMs: audioMs }),
    ...(isNew && !utterance.hasEnergy && { endMs: audioMs }),
  })
  if (words.isFinal) {
    const settledMs = words.endMs ?? (phase === 'settling' ? utterance.endMs : audioMs)
    setStt(move, { settledMs: Math.max(move.state.stt.settledMs, Math.min(audioMs, settledMs)) })
  }
  if (!isNew) return
  tellWords(move, utterance.id, text, words.isFinal)
  if (move.state.agent.phase !== 'idle' && verdictOn(move, finals + partial, words.isFinal) === 'speech') together(move, 'words')
}

/** The words so far; more than a turn may have are left out. */
function understood(move: Move, { finals }: Utterance, text: string, isFinal: boolean): { finals: string; partial: string } {
  const room = Math.max(0, move.state.rules.limits.maxUserCharacters - finals.length)
  if (text.length > room && isFinal) warn(move, 'turn_too_long', 'The turn is too long. The rest of it is left out.')
  const kept = text.length > room ? text.slice(0, room) : text
  return isFinal ? { finals: finals + kept, partial: '' } : { finals, partial: kept }
}

/** The text without the words that were taken before the engine was certain of them; it says them again until they are final. */
function beyondOwed(move: Move, { text, isFinal }: Words): string {
  const { owed } = move.state.user
  if (!owed || owed.link !== move.state.stt.link) return text
  if (isFinal) setUser(move, { owed: undefined })
  const rest = text.trim().split(/\s+/).slice(owed.words)
  return rest.length > 0 ? ` ${rest.join(' ')}` : ''
}

function tellWords(move: Move, id: number, text: string, isFinal: boolean): void {
  if (!isFinal && !move.state.rules.partials) return
  tell(move, { type: 'transcript_delta', utterance_id: utteranceId(id), is_final: isFinal, text, timestamp_ms: move.at })
}

/** What words of the user are, while the assistant does what it does. */
export function verdictOn({ state, at, leaves }: Move, text: string, isFinal: boolean): SpeechVerdict {
  const { agent, echo, rules, user } = state
  const assistantSpeaks = agent.phase === 'speaking' || agent.phase === 'draining'
  const spoken = agent.phase !== 'idle' && assistantSpeaks ? wordsSpoken(agent.turn) : ''
  const isEcho = echo !== undefined && at - echo.at <= rules.limits.echoMs
  return leaves.judge(
    { text, isFinal, confidence: user.utterance?.confidence },
    { assistantSpeaks, hasAec: rules.hasAec, spoken: spoken === '' && isEcho ? echo.text : spoken },
  )
}
