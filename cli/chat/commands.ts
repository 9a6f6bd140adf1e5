import { nearest } from '../../text/nearest.ts'

/** What somebody has typed asks for. */
export type Command =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'nothing' }
  | { readonly type: 'tell'; readonly text: string }
  /** Shows it where there is no value, else changes it. */
  | { readonly type: 'model' | 'system' | 'tools'; readonly value: string | undefined }
  | { readonly type: 'save' | 'load'; readonly file: string }
  | { readonly type: 'history' | 'clear' | 'retry' | 'usage' | 'quit' }

/** Commands are single lines that begin with a slash; everything else is said to the model. */
export function commandIn(typed: string): Command {
  const text = typed.trimEnd()
  if (text.trim() === '') return { type: 'nothing' }
  if (!text.startsWith('/') || text.includes('\n')) return { type: 'say', text }
  const [, word = '', rest = ''] = /^\/(\S*)\s*(.*)$/.exec(text) ?? []
  const name = names.find((each) => each === word)
  if (!name) return { type: 'tell', text: unknown(word) }
  return known(name, rest)
}

export const help = `/model [NAME]     shows the models that there are, or has another one answer
/system [TEXT]    shows or changes what the model is told before everything else; /system off takes it away
/tools [LIST]     shows or changes the gateway's tools that the model may call, as vai_web_search,vai_web_fetch; /tools off
/retry            asks the last question again
/history          shows the conversation
/usage            tells what it has cost so far
/clear            begins a new conversation
/save FILE        writes the conversation down as JSON
/load FILE        goes on with one that was written down
/help             tells this
/quit             ends; so does Ctrl-D
A line that ends in \\ goes on in the next one; text of several lines can be pasted. Ctrl-C stops an answer.
A message that begins with / is said with a space before it.`

const names = ['model', 'system', 'tools', 'retry', 'history', 'usage', 'clear', 'save', 'load', 'help', 'quit'] as const

function known(name: (typeof names)[number], rest: string): Command {
  switch (name) {
    case 'model':
      if (/\s/.test(rest)) return { type: 'tell', text: '/model takes one name, as openai/gpt-5-mini.' }
      return { type: name, value: rest === '' ? undefined : rest }
    case 'system':
    case 'tools':
      return { type: name, value: rest === '' ? undefined : rest }
    case 'save':
    case 'load':
      return rest === '' ? { type: 'tell', text: `/${name}: the file is missing.` } : { type: name, file: rest }
    case 'help':
      return { type: 'tell', text: help }
    default:
      // What belongs to no command may have been meant for the model.
      return rest === '' ? { type: name } : { type: 'tell', text: `/${name} takes nothing after it.` }
  }
}

function unknown(word: string): string {
  const near = nearest(word, names)
  return `/${word} is not a command${near ? `; did you mean /${near}?` : '.'} /help has them all; to say it, put a space before it.`
}
