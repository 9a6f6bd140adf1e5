import type { ContentBlock, RunEvent, StreamEvent, Warning } from '@vai/sdk'
import { line, printable } from '../printable.ts'

/** Something to be shown of an answer. */
export interface Piece {
  /** Words of the answer, of the thoughts before it, or a line about it. */
  readonly kind: 'said' | 'thought' | 'told'
  readonly text: string
}

/** What an event shows; nothing where people need not see it. */
export function piecesOf(event: StreamEvent | RunEvent): readonly Piece[] {
  switch (event.type) {
    case 'stream_event':
      return piecesOf(event.event)
    case 'content_block_start':
      return piecesOfStart(event.content_block)
    case 'content_block_delta':
      if (event.delta.type === 'text_delta') return words('said', event.delta.text)
      return event.delta.type === 'thinking_delta' ? words('thought', event.delta.thinking) : []
    case 'tool_call_start':
      return [told(`⚙ ${event.name} ${line(JSON.stringify(event.input), longestInput)}`)]
    case 'tool_result':
      return [
        told(`${event.is_error ? '✗' : '✓'} ${event.name} (${lasted(event.duration_ms)}): ${line(event.content, longestResult)}`),
      ]
    default:
      return []
  }
}

/** What is to be known of an answer besides: that it stopped before its end, and what was not done as it was asked for. */
export function endingOf(stopReason: string | null, warnings: readonly Warning[] = []): readonly Piece[] {
  const why = stopReason === null || usual.has(stopReason) ? undefined : (whyStopped[stopReason] ?? `it ended with ${stopReason}`)
  return [
    ...warnings.slice(0, mostWarnings).map(({ message }) => told(`Warning: ${message}`)),
    ...(warnings.length > mostWarnings ? [told(`and ${warnings.length - mostWarnings} more warnings`)] : []),
    ...(why === undefined ? [] : [told(`(${why})`)]),
  ]
}

function piecesOfStart(block: ContentBlock): readonly Piece[] {
  switch (block.type) {
    case 'text':
      return words('said', block.text)
    case 'thinking':
      return words('thought', block.thinking)
    case 'image':
      return [told('[a picture, which a terminal cannot show]')]
    case 'server_tool_use':
    case 'mcp_tool_use':
      return [told(`⚙ ${block.name}, which the provider runs`)]
    default:
      return []
  }
}

function words(kind: 'said' | 'thought', text: string): readonly Piece[] {
  return text === '' ? [] : [{ kind, text: printable(text) }]
}

function told(text: string): Piece {
  return { kind: 'told', text: line(text) }
}

function lasted(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** Characters. */
const longestInput = 120
const longestResult = 160
const mostWarnings = 8

const usual: ReadonlySet<string> = new Set(['end_turn', 'stop_sequence'])
const whyStopped: Readonly<Record<string, string>> = {
  max_tokens: 'cut off: the model may say no more; --max-tokens lets it',
  refusal: 'the model refused to go on',
  pause_turn: 'the model has paused',
  tool_use: 'the model wanted to call a tool',
  model_context_window_exceeded: 'cut off: the conversation is too long for the model; /clear begins a new one',
  max_turns: 'stopped: the model may not answer more often in one run; say "go on"',
  max_tool_calls: 'stopped: the model may not call more tools in one run; say "go on"',
  timeout: 'stopped: the run may not take longer',
  cancelled: 'stopped',
}
