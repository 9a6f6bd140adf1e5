import { defineTool } from '../../tools/define.ts'
import { type Tool, type ToolCall, ToolError, type ToolOutput } from '../../tools/tool.ts'

/** Tools for tests: plain ones, and one that does what it is told. */

const nothing = { type: 'object', properties: {}, additionalProperties: false } as const

/** Says what it was asked for. */
export const weather: Tool = defineTool({
  name: 'get_weather',
  description: 'The weather in a city.',
  input: {
    type: 'object',
    properties: { city: { type: 'string', minLength: 1 } },
    required: ['city'],
    additionalProperties: false,
  },
  config: {
    type: 'object',
    properties: { unit: { type: 'string', description: 'Of temperatures.' } },
    additionalProperties: false,
  },
  run: async ({ city }, { unit = 'C' }) => ({ content: `It rains in ${city} at 7 ${unit}.` }),
})

/** Takes no arguments. */
export const time: Tool = defineTool({
  name: 'get_time',
  description: 'The time of the day.',
  input: nothing,
  config: nothing,
  run: async () => ({ content: 'It is noon.' }),
})

/** A tool that takes anything and does what the test says. */
export function toolThat(
  name: string,
  run: (input: Readonly<Record<string, unknown>>, call: ToolCall) => Promise<ToolOutput>,
): Tool {
  return defineTool({
    name,
    description: `Does what a test says of ${name}.`,
    input: { type: 'object', properties: {}, additionalProperties: true },
    config: nothing,
    run: (input, _, call) => run(input, call),
  })
}

/** Is never done, and gives up when it is told to. */
export function waits(name: string, onStart: (call: ToolCall) => void = () => undefined): Tool {
  return toolThat(name, (_, call) => {
    onStart(call)
    return new Promise((_resolve, reject) => {
      const giveUp = (): void => reject(new ToolError('It was given up.'))
      call.signal.addEventListener('abort', giveUp)
      if (call.signal.aborted) giveUp()
    })
  })
}

/** Is never done, whatever it is told. */
export function isDeaf(name: string): Tool {
  return toolThat(name, () => new Promise(() => undefined))
}
