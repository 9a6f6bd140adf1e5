import type { LiveControl } from '@vai/sdk'
import { nearest } from '../../text/nearest.ts'

/** What a line that was typed asks for. */
export type Command =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'control'; readonly op: LiveControl['op'] }
  | { readonly type: 'quit' }
  | { readonly type: 'tell'; readonly text: string }
  | { readonly type: 'nothing' }

export function commandIn(line: string): Command {
  const text = line.trim()
  if (text === '') return { type: 'nothing' }
  if (!text.startsWith('/')) return { type: 'say', text }
  const name = text.slice(1)
  if (name === 'quit') return { type: 'quit' }
  if (name === 'help') return { type: 'tell', text: help }
  const op = controls[name]
  if (op) return { type: 'control', op }
  const near = nearest(name, names)
  return { type: 'tell', text: `${text} is not a command${near ? `; did you mean /${near}?` : `. ${help}`}` }
}

const controls: Readonly<Record<string, LiveControl['op']>> = { interrupt: 'interrupt', mute: 'mute', unmute: 'unmute' }
const names = [...Object.keys(controls), 'quit', 'help']
const help =
  '/interrupt stops the assistant, /mute and /unmute the microphone, /quit ends the session; other lines are said to it.'
