import { turnId } from './effects.ts'
import type { ModelEvent, ToolContent } from './inputs.ts'
import { note } from './measure.ts'
import { effect, type Move, set, setTurn, tell, touch, warn } from './move.ts'
import { type Speculation, type Tool, turnOf } from './state.ts'
import { dropSpeculation } from './turns.ts'
import { say } from './voice.ts'

/** What the model does in the turn that is active, or in one that it began before it was certain; all else came too late. */
export function onModel(move: Move, number: number, event: ModelEvent): void {
  const { speculation } = move.state
  if (speculation?.turn === number) {
    onForetold(move, speculation, event)
    return
  }
  const turn = turnOf(move.state)
  if (turn?.number !== number || turn.stopReason !== undefined || !turn.isAnswer) return
  switch (event.type) {
    case 'say':
      note(move, 'answeredAt')
      say(move, event.text)
      return
    case 'terminal':
      setTurn(move, { isTextComplete: true })
      return
    case 'tool-began':
      note(move, 'answeredAt')
      beginTool(move, event)
      return
    case 'tool-ended':
      setTurn(move, { tools: turn.tools.filter(({ id }) => id !== event.id) })
      return
    case 'done':
      setTurn(move, { isTextComplete: true, stopReason: event.stopReason, tools: [] })
      return
    case 'failed': {
      const { errorType, code, message, isRetryable } = event
      tell(move, { type: 'error', scope: 'turn', error_type: errorType, code, message, retryable: isRetryable, close: false })
      setTurn(move, { isTextComplete: true, stopReason: 'error', tools: [] })
      return
    }
  }
}

/** Nothing of it is to be seen until the turn is confirmed. What cannot be taken back ends it. */
function onForetold(move: Move, speculation: Speculation, event: ModelEvent): void {
  const foresee = (part: Partial<Speculation>): void => set(move, { speculation: { ...speculation, ...part } })
  switch (event.type) {
    case 'say': {
      const characters = speculation.characters + event.text.length
      if (characters > move.state.rules.limits.maxSpokenCharacters) {
        dropSpeculation(move)
        return
      }
      foresee({ sentences: [...speculation.sentences, event.text], characters })
      return
    }
    case 'terminal':
      foresee({ isTextComplete: true })
      return
    case 'done':
      foresee({ isTextComplete: true, stopReason: event.stopReason })
      return
    case 'tool-began':
    case 'tool-ended':
    case 'failed':
      dropSpeculation(move)
      return
  }
}

// ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function beginTool(move: Move, event: Extract<ModelEvent, { type: 'tool-began' }>): void {
  const turn = turnOf(move.state)
  if (!turn) return
  const { id, hasOutsideEffect, withinMs, call } = event
  if (turn.tools.length >= move.state.rules.limits.maxTools) {
    effect(move, { type: 'tool-cancel', turn: turn.number, id })
    return
  }
  const tool: Tool = { id, by: move.at + withinMs, isClients: call !== undefined }
  setTurn(move, {
    tools: [...turn.tools.filter((each) => each.id !== id), tool],
    calledAt: turn.calledAt ?? move.at,
    hasOutsideEffect: turn.hasOutsideEffect || hasOutsideEffect,
  })
  if (call) tell(move, { type: 'tool_call', tool_use_id: id, name: call.name, input: call.input })
}

/** Tools that had their time are cancelled, and the model is told. */
export function cancelLateTools(move: Move): void {
  const turn = turnOf(move.state)
  if (!turn) return
  for (const { id } of turn.tools.filter(({ by }) => by <= move.at)) {
    effect(move, { type: 'tool-cancel', turn: turn.number, id })
    warn(move, 'tool_timeout', `The tool call ${id} took too long and was cancelled.`)
  }
  setTurn(move, { tools: turn.tools.filter(({ by }) => by > move.at) })
}

/** The client answers a call; an answer that nobody asked for, or not any more, is refused. */
export function onToolResult(move: Move, id: string, content: ToolContent, isError: boolean): void {
  const turn = turnOf(move.state)
  touch(move)
  if (!turn?.tools.some((tool) => tool.id === id && tool.isClients)) {
    tell(move, {
      type: 'error',
      scope: 'turn',
      error_type: 'invalid_request_error',
      code: 'unknown_tool_use',
      message: `No tool call with the id ${id.slice(0, 100)} waits for a result${turn ? ` in ${turnId(turn.number)}` : ''}.`,
      retryable: false,
      close: false,
    })
    return
  }
  setTurn(move, { tools: turn.tools.filter((tool) => tool.id !== id) })
  effect(move, { type: 'tool-answer', turn: turn.number, id, content, isError })
}
