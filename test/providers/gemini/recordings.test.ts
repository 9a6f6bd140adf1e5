import { describe, expect, it } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { Accumulator } from '../../../api/accumulator.ts'
import type { Message, MessageRequest } from '../../../api/schemas.gen.ts'
import { encode } from '../../../providers/gemini/encode.ts'
import { geminiApi, geminiDialect } from '../../../providers/gemini/index.ts'
import { isObject, type Json, objects } from '../../upstreams/json.ts'
import { fixturesDir, type Recording, recordedBytes, recordings, replay } from '../../upstreams/replay.ts'
import { callTo, collect, expectGrammar, expectMessage } from '../openai-chat/drive.ts'
import { request, sentBack } from './chunks.ts'
import { complete, failureOf } from './drive.ts'

/** What a recording comes to, from reading it: its blocks in short, why it stopped, what it cost. */
interface Expected {
  readonly blocks: readonly string[]
  readonly stop: string
  /** input, output, thinking. */
  readonly usage: readonly (number | undefined)[]
}

const answers: Readonly<Record<string, Expected>> = {
  'text.sse': { blocks: ['text 32'], stop: 'end_turn', usage: [13, 8, undefined] },
  'thinking.sse': { blocks: ['thinking 1575', 'text 1938'], stop: 'end_turn', usage: [34, 1256, 787] },
  'tool-call-signature.sse': { blocks: ['thinking 0', 'get_country {}'], stop: 'tool_use', usage: [29, 212, 202] },
  'tool-call.sse': { blocks: ['get_capital {"country":"France"}'], stop: 'tool_use', usage: [52, 5, undefined] },
  'parallel-tools-whole.json': {
    blocks: ['thinking 0', 'weather {"latitude":"52.5200","longitude":"13.4050"}', 'best_language_to_learn {}'],
    stop: 'tool_use',
    usage: [143, 153, 109],
  },
  'web-search.sse': {
    blocks: ['text 926, 9 citations', 'web_search {"query":"weather in San Francisco today"}', 'web_search_tool_result'],
    stop: 'end_turn',
    usage: [119, 653, 412],
  },
  'url-context.sse': { blocks: ['text 37, 1 citations'], stop: 'end_turn', usage: [4642, 62, 37] },
  'code-execution.sse': {
    blocks: [
      'thinking 0',
      'code_execution {"code":"result = 65465 - 6544 * 65464 - 6 + 1.02255\\nprint(result)"}',
      'code_execution_tool_result',
      'text 82',
      'thinking 0',
    ],
    stop: 'end_turn',
    usage: [507, 276, 168],
  },
  'max-tokens-whole.json': { blocks: ['text 24'], stop: 'max_tokens', usage: [15, 5, undefined] },
  'safety-no-parts-whole.json': { blocks: [], stop: 'refusal', usage: [14, undefined, undefined] },
  'armor-no-content-whole.json': { blocks: [], stop: 'refusal', usage: [19, 33, 27] },
  'prompt-blocked-whole.json': { blocks: [], stop: 'refusal', usage: [undefined, undefined, undefined] },
  'unexpected-tool-call-whole.json': { blocks: ['thinking 0', 'list_files {}'], stop: 'tool_use', usage: [22, 145, 142] },
  'vertex-partial-args.sse': { blocks: ['thinking 0', 'cookRecipe recipe'], stop: 'tool_use', usage: [31, 1710, 1026] },
  'partial-args-no-terminal.sse': {
    blocks: [
      'thinking 0',
      'writeItems {"operations":[{"action":"add","description":"Fresh red apple","itemid":"apple_001","price":0.5},{"action":"add","description":"Ripe yellow banana","itemid":"banana_001","price":0.3}]}',
    ],
    stop: 'tool_use',
    usage: [54, 195, 121],
  },
  'no-args-tool.sse': {
    blocks: ['thinking 320', 'read_theme {}', 'read_screen {"id":"A"}', 'read_screen {"id":"B"}', 'read_screen {"id":"C"}'],
    stop: 'tool_use',
    usage: [249, 241, 183],
  },
  'tool-call-gemini3.sse': {
    blocks: ['thinking 0', 'weather {"location":"San Francisco"}'],
    stop: 'tool_use',
    usage: [29, 819, 804],
  },
  'array-stream-no-alt-sse.json': { blocks: ['thinking 744', 'text 211', 'thinking 0'], stop: 'end_turn', usage: [16, 606, 552] },
}

const failures: Readonly<Record<string, Json>> = {
  'error-400-key.json': { code: 'provider_authentication', status: 401 },
  'error-404-model.json': { code: 'provider_not_found', status: 404 },
  'error-429-quota.json': { code: 'provider_rate_limit', status: 429, retryAfter: 48 },
}

const all = await recordings(({ file }) => file.startsWith('llm/gemini/'))
const nameOf = ({ file }: Recording): string => file.slice('llm/gemini/'.length)
const present = fixturesDir() !== undefined

describe.skipIf(!present)('the recordings (skipped: there is no recorded traffic, see VAI_FIXTURES_DIR)', () => {
  it('are all known', () => {
    expect([...Object.keys(answers), ...Object.keys(failures)].sort()).toEqual(all.map(nameOf).sort())
  })

  it.each(all.filter((one) => nameOf(one) in answers).map((one) => [nameOf(one), one] as const))(
    '%s',
    async (name, recording) => {
      const isWhole = name.endsWith('-whole.json')
      const { call } = await callTo([
        await replay(recording),
        await replay(recording, { chunks: { seed: 7, max: 60 } }),
        await replay(recording, { chunks: { seed: 8, max: 900 } }),
      ])
      const read = async (): Promise<Message> => {
        if (isWhole) return complete(geminiApi, request, call)
        const events = await collect(geminiApi.stream(request, call))
        expectGrammar(events)
        const accumulator = new Accumulator()
        for (const event of events) accumulator.add(event)
        return accumulator.message()
      }
      const first = await read()
      for (const message of [first, await read(), await accumulate(geminiApi.stream(request, call))]) {
        expectMessage(message)
        const { usage } = message
        expect({
          blocks: message.content.map(short),
          stop: message.stop_reason,
          usage: [usage.input_tokens, usage.output_tokens, usage.output_tokens_details?.thinking_tokens],
        }).toEqual(answers[name])
      }
      expect(signaturesIn(sentAgain(first))).toEqual(signaturesIn(await recordedParts(recording)))
    },
  )

  it.each(all.filter((one) => nameOf(one) in failures).map((one) => [nameOf(one), one] as const))(
    '%s',
    async (name, recording) => {
      const { call } = await callTo(await replay(recording))
      expect(await failureOf(collect(geminiApi.stream(request, call)))).toMatchObject(failures[name] ?? {})
      expect(await failureOf(complete(geminiApi, request, call))).toMatchObject(failures[name] ?? {})
    },
  )

  it('vertex-partial-args.sse holds what was streamed', async () => {
    const recording = all.find((one) => nameOf(one) === 'vertex-partial-args.sse')
    if (!recording) return expect.unreachable('it is there')
    const { call } = await callTo(await replay(recording))
    const { content } = await accumulate(geminiApi.stream(request, call))
    const { ingredients, name, steps } = Object(Object(Object(content[1]).input).recipe)
    expect([ingredients.length, ingredients[9], name, steps.length, steps[4]]).toEqual([
      10,
      { amount: '1/2 tsp', name: 'Pepper' },
      'Lasagna',
      10,
      'In a 9x13 baking dish, spread a thin layer of meat sauce.',
    ])
  })
})

function short(block: Message['content'][number]): string {
  switch (block.type) {
    case 'text':
      return `text ${block.text.length}${block.citations ? `, ${block.citations.length} citations` : ''}`
    case 'thinking':
      return `thinking ${block.thinking.length}`
    case 'tool_use':
    case 'server_tool_use': {
      const input = JSON.stringify(block.input)
      return `${block.name} ${input.length > 250 ? Object.keys(block.input).join() : input}`
    }
    default:
      return block.type
  }
}

/** The parts that go to the API with the next question. */
function sentAgain(message: Message): Json[] {
  const results = message.content.flatMap((block) =>
    block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'x' }] : [],
  )
  const messages: MessageRequest['messages'] = [
    ...request.messages,
    { role: 'assistant', content: sentBack(message.content) },
    { role: 'user', content: results.length > 0 ? results : 'Go on.' },
  ]
  const { contents } = encode({ ...request, messages }, 'gemini-3-flash-preview', geminiDialect)
  return objects(contents)
    .filter(({ role }) => role === 'model')
    .flatMap(({ parts }) => objects(parts))
}

async function recordedParts(recording: Recording): Promise<Json[]> {
  const text = new TextDecoder().decode(await recordedBytes(recording))
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith('data:'))
  const parsed: unknown = lines.length > 0 ? lines.map((line): unknown => JSON.parse(line.slice(5))) : JSON.parse(text)
  return objects(Array.isArray(parsed) ? parsed : [parsed]).flatMap(({ candidates }) =>
    objects(candidates).flatMap(({ content }) => (isObject(content) ? objects(content.parts) : [])),
  )
}

/** The signatures in their order, each with what it stands on. Of a call without any the documented one is passed over. */
function signaturesIn(parts: readonly Json[]): unknown[] {
  return parts
    .filter(({ thoughtSignature }) => thoughtSignature !== undefined && thoughtSignature !== 'skip_thought_signature_validator')
    .map(({ thoughtSignature, text, functionCall, executableCode }) => [
      thoughtSignature,
      text,
      isObject(functionCall) ? functionCall.name : undefined,
      executableCode,
    ])
}
