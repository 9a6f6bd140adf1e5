import { onSttFailed, setStt } from './hearing.ts'
import { type Move, setUtterance } from './move.ts'
import { settle } from './settle.ts'
import type { SessionState } from './state.ts'

/**
 * The last words have not come in time. Mostly they are taken as they are; but an engine that was silent about a whole voice, and about being
 * asked for its words, is deaf, and another is given the same sound. Twice in a row, and then seldom: noises are passed over by some.
 */
export function settleUnanswered(move: Move): void {
  const { stt } = move.state
  const isDoubted = isDeaf(move.state)
  if (!isDoubted && !isAskedInVain(move.state)) {
    settle(move)
    return
  }
  // They are waited for again.
  setUtterance(move, { forcedBy: undefined, forcedLink: undefined })
  if (!isDoubted) return
  setStt(move, { doubts: { count: stt.doubts.count + 1, at: move.at } })
  onSttFailed(move, stt.link, true, 'nothing was heard of it although somebody spoke', true)
}

function isDeaf({ stt, user: { utterance }, at, rules: { limits } }: SessionState): boolean {
  if (!utterance?.hasEnergy || utterance.endMs - utterance.startMs < limits.sttVoiceMs) return false
  if (stt.phase !== 'open' || utterance.forcedLink !== stt.link) return false
  const isSilent = stt.heardAt <= (stt.endsTurns ? stt.since : Math.max(stt.since, utterance.startAt))
  return isSilent && (stt.doubts.count < mostDoubts || at - stt.doubts.at >= limits.sttDoubtMs)
}

/** Whether the engine that was asked is lost: the next one is told of the same sound, and asked as well. */
function isAskedInVain({ stt, user: { utterance } }: SessionState): boolean {
  return utterance?.forcedLink !== undefined && (stt.phase === 'waiting' || stt.phase === 'connecting')
}

const mostDoubts = 2
