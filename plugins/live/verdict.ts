import type { SpeechVerdict } from '../../text/real-speech.ts'
import type { Move } from './move.ts'
import { type Utterance, wordsSpoken } from './state.ts'

/** What words of the user are, while the assistant does what it does. */
export function verdictOn({ state, at, leaves }: Move, text: string, isFinal: boolean): SpeechVerdict {
  const { agent, echo, rules, user } = state
  const assistantSpeaks = agent.phase === 'speaking' || agent.phase === 'draining'
  const spoken = assistantSpeaks ? wordsSpoken(agent.turn) : ''
  const isEcho = echo !== undefined && at - echo.at <= rules.limits.echoMs
  return leaves.judge(
    { text, isFinal, confidence: user.utterance?.confidence },
    {
      assistantSpeaks,
      hasAec: rules.hasAec,
      spoken: spoken === '' && isEcho ? echo.text : spoken,
      mayBeEcho: isEcho && !assistantSpeaks && !rules.hasAec && isOf(echo.at, user.utterance),
      thresholds: rules.turn.thresholds,
    },
  )
}

/** Whether the voice began before the assistant's ended; or is not louder than its echo, so that nobody knows when it began. */
function isOf(endAt: number, utterance: Utterance | undefined): boolean {
  return utterance !== undefined && (!utterance.hasEnergy || utterance.startAt <= endAt)
}

/** Whether an utterance with these words is a question. A sign of listening is one where there is nothing to listen to. */
export function isQuestion(move: Move, text: string): boolean {
  const verdict = text === '' ? 'noise' : verdictOn(move, text, true)
  return verdict === 'speech' || (verdict === 'back-channel' && move.state.agent.phase === 'idle')
}

export function wordsOf({ finals, partial }: Utterance): string {
  return (finals + partial).trim()
}
