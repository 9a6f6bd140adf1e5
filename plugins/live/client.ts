import { onUpdate } from './changes.ts'
import { endSession, loseIfDrained, shutDown } from './ending.ts'
import type { ClientInput, Content, ControlOp, LineInput } from './inputs.ts'
import { soundAfterLoss, together } from './joint.ts'
import { setMic } from './mic.ts'
import { onToolResult } from './model.ts'
import { effect, type Move, set, setUser, setVoice, tell, touch, warn } from './move.ts'
import { frozen, thawed, withMark } from './playback.ts'
import { turnOf } from './state.ts'
import { ask, closeUp, dropSpeculation, greet } from './turns.ts'
import { endVoice } from './utterance.ts'

/** What the client asks for and tells, and what becomes of the line to it. */
export function onClient(move: Move, input: ClientInput): void {
  switch (input.type) {
    case 'mark':
      onMark(move, input)
      return
    case 'control':
      onControl(move, input.op)
      return
    case 'typed':
      onTyped(move, input.content, input.isCommitted)
      return
    case 'tool-result':
      onToolResult(move, input.id, input.content, input.isError)
      return
    case 'update':
      onUpdate(move, input)
      return
    case 'greeting':
      greet(move, input.sentences)
      return
  }
}

/**
 * Of sound that was reset only one mark counts: that the player has stopped, and where. All others are of before the reset, or of a player
 * that tells of what it threw away as if it had played it. A mark of more sound than there was counts for nothing at all.
 */
function onMark(move: Move, { audio, playedMs, state: player }: Extract<ClientInput, { type: 'mark' }>): void {
  const { state, at } = move
  if (!state.rules.marks) return
  const voice = turnOf(state)?.voice
  const { closing } = state
  const epoch = [closing?.epoch, voice?.pause?.epoch, voice?.epoch].find((each) => each?.audio === audio)
  const mostMs = epoch ? epoch.sentMs + roundingMs : Number.POSITIVE_INFINITY
  if (!(audio >= 1 && audio <= state.audios && playedMs >= 0 && playedMs <= mostMs)) {
    warn(move, 'mark_invalid', 'The mark tells of sound that there was not.')
    return
  }
  if (!epoch) return
  const marked = withMark(epoch, playedMs, player, at)
  if (epoch === voice?.epoch) {
    setVoice(move, { epoch: marked })
    if (player === 'stopped') together(move, 'client-stopped')
  } else if (player === 'stopped' && closing && epoch === closing.epoch) {
    set(move, { closing: { ...closing, epoch: marked } })
    closeUp(move)
  } else if (player === 'stopped' && voice?.pause && !voice.pause.isTold) {
    setVoice(move, { pause: { ...voice.pause, epoch: marked, isTold: true } })
  }
}

/** Players count in blocks, and at other rates. */
const roundingMs = 50

function onControl(move: Move, op: ControlOp): void {
  touch(move)
  switch (op) {
    case 'interrupt':
      together(move, 'interrupt')
      return
    case 'cancel_turn':
      dropSpeculation(move)
      setUser(move, { isContinuing: false })
      together(move, 'cancel')
      return
    case 'mute':
      endVoice(move, move.state.mic.audioMs)
      setMic(move, { isMuted: true })
      return
    case 'unmute':
      setMic(move, { isMuted: false })
      return
    case 'end_session':
      endSession(move, 'end_session', 1000)
      return
  }
}

function onTyped(move: Move, content: Content, isCommitted: boolean): void {
  touch(move)
  const { user, rules, next } = move.state
  const waiting = isCommitted ? (next?.typed.length ?? 0) : user.attachments
  if (waiting >= rules.limits.maxAttachments) {
    warn(move, 'too_many_attachments', 'The next message has as many parts as it may have.')
    return
  }
  if (!isCommitted) {
    // What was asked ahead was asked without it.
    dropSpeculation(move)
    setUser(move, { attachments: user.attachments + 1 })
    effect(move, { type: 'attach', content })
    return
  }
  together(move, 'typed')
  ask(move, { text: '', typed: [content], endMs: move.at, speech: undefined, extends: user.isContinuing })
}

export function onLine(move: Move, input: LineInput): void {
  const { lostAt, stalledAt, rules } = move.state
  const epoch = turnOf(move.state)?.voice.epoch
  switch (input.type) {
    case 'lost':
      if (lostAt !== undefined) return
      if (epoch) setVoice(move, { epoch: frozen(epoch, move.at, rules) })
      set(move, { lostAt: move.at, stalledAt: undefined })
      loseIfDrained(move)
      return
    case 'stalled':
      if (lostAt !== undefined || stalledAt !== undefined) return
      // What waits here cannot be playing there, also where nobody tells.
      if (epoch && !rules.marks) setVoice(move, { epoch: frozen(epoch, move.at, rules) })
      set(move, { stalledAt: move.at })
      return
    case 'flowing':
      if (stalledAt === undefined) return
      if (epoch) setVoice(move, { epoch: thawed(epoch, move.at, rules) })
      set(move, { stalledAt: undefined })
      return
    case 'resumed':
      touch(move)
      effect(move, { type: 'replay', afterSeq: input.lastServerSeq })
      soundAfterLoss(move)
      return
    case 'drain':
      shutDown(move)
      return
    case 'shutdown':
      endSession(move, 'restart', 1012)
      return
    case 'over-limit': {
      const { errorType, code, message } = input
      tell(move, { type: 'error', scope: 'session', error_type: errorType, code, message, retryable: false, close: true })
      endSession(move, 'limit', 1008)
      return
    }
  }
}
