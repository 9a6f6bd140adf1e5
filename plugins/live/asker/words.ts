import type { CustomTool } from '../../../api/schemas.gen.ts'
import type { ObjectSchema } from '../../../tools/tool.ts'
import type { Terminals } from '../../runs/loop.ts'
import { speakingTool } from '../history.ts'

/** What the gateway itself says to the model of a conversation in which it is heard. */

const heard = `The user talks with you and hears what you say, spoken by a voice. Nothing of it is read.
- Say it as one says it: in short sentences, mostly one to three of them, with what matters first. One question at a time.
- No Markdown, lists, tables, headings, code, URLs, emoji or parentheses. Write numbers, dates, times, units, symbols and abbreviations in words, as they are spoken.
- What the user said was transcribed, and may be misheard. Ask where it makes no sense; do not correct it.
- The user may interrupt you. What stands in the conversation of your words is what they heard.`

/** For a model that speaks by a tool. */
export const spokenByCall = `${heard}
- To say something, call ${speakingTool} with the words in \`text\`. Call it once, with all that you want to say: with it your turn ends.
- Before another tool that may take long you can say in a few words what you are about to do, by ${speakingTool} in the same answer. After its result you speak again.`

/** For a model that cannot call tools. */
export const spokenAsWritten = `${heard}
- Everything that you write is spoken.`

const speakingInput: ObjectSchema = {
  type: 'object',
  properties: { text: { type: 'string', description: 'What is to be said, word by word.' } },
  required: ['text'],
  additionalProperties: false,
}

export const speakingDefinition: CustomTool = {
  name: speakingTool,
  description: 'Says something to the user, who hears it. It is the only way to speak to them, and ends your turn.',
  input_schema: speakingInput,
  // Its words are spoken while they are written, and not when the call is complete.
  eager_input_streaming: true,
}

export const speakingTerminal: Terminals = new Map([
  [
    speakingTool,
    {
      answer: 'The user hears it.',
      problemWith: ({ text }) =>
        typeof text === 'string' ? undefined : `Nothing was said. Call ${speakingTool} with the words as a string in \`text\`.`,
    },
  ],
])
