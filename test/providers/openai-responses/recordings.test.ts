import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import type { ContentBlock, Message, StreamEvent } from '../../../api/schemas.gen.ts'
import { openaiResponses } from '../../../providers/openai-responses/index.ts'
import { openKept } from '../../../providers/openai-responses/kept.ts'
import { type Behaviour, json, reply, sse } from '../../upstreams/behaviour.ts'
import { callTo, collect, expectGrammar, expectMessage, request } from '../openai-chat/drive.ts'

const folder = join(process.env.VAI_FIXTURES_DIR ?? join('..', 'shared', 'fixtures'), 'llm')
const present = existsSync(folder)
const reason = 'the recordings are not on this machine'

/** What a recording comes to: its blocks in short, why it stopped, what was used. */
interface Expected {
  /** A block of thinking ends with what its signature keeps: the items, and the type of what follows. */
  readonly blocks: readonly string[]
  readonly stop: string
  /** input, cache read, output, thinking. */
  readonly usage: readonly (number | undefined)[]
  readonly searches?: number
}

const streams: Readonly<Record<string, Expected>> = {
  'openai/responses-text': { blocks: ['text:1, 2, 3'], stop: 'end_turn', usage: [14, 0, 8, 0] },
  'openai/responses-tool-call': { blocks: ['get_capital:{"country":"France"}'], stop: 'tool_use', usage: [255, 0, 16, 0] },
  'openai/responses-background': { blocks: ['text:2 + 2 equals 4.'], stop: 'end_turn', usage: [15, 0, 9, 0] },
  'openai/responses-reasoning-summary': {
    blocks: ['thinking:**Providin … nderstand![reasoning][→message]', "text:I'm not a  … Stay safe!"],
    stop: 'end_turn',
    usage: [13, 0, 1680, 1408],
  },
  'openai/responses-reasoning-encrypted': {
    blocks: ['thinking:[reasoning][→function_call]', 'weather:{"latitude":"52.5200","longitude":"13.4050"}'],
    stop: 'tool_use',
    usage: [87, 0, 339, 256],
  },
  'openai/responses-web-search': {
    blocks: [
      'thinking:[reasoning]',
      'server web_search:{"type":"search","query":"weather: San Francisco, CA"}',
      'thinking:[web_search_call]',
      'web_search_tool_result',
      'thinking:[reasoning][→message]',
      'text:San Franci …  evening. ',
    ],
    stop: 'end_turn',
    usage: [1143, 8320, 582, 512],
    searches: 1,
  },
  'openai/responses-code-interpreter': {
    blocks: [
      'thinking:[reasoning]',
      'server code_execution:{"code":"import random, math\\nN=10000\\nsums=[]\\ns=0\\nfor _ in range(N):\\n    a=random.randint(1,6)\\n    b=random.randint(1,6)\\n    sm=a+b\\n    sums.append(sm)\\n    s+=sm\\nmin(sums), max(sums), sum(sums), sum(sums)/N\\n"}',
      'thinking:[code_interpreter_call]',
      'code_execution_tool_result:(2, 12, 69868, 6.9868)',
      'thinking:[reasoning]',
      "server code_execution:{\"code\":\"import csv, pathlib\\npath = pathlib.Path('/mnt/data/roll2dice_sums_10000.csv')\\nwith open(path, 'w', newline='') as f:\\n    writer = csv.writer(f)\\n    writer.writerow(['sum'])\\n    for val in sums:\\n        writer.writerow([val])\\npath, path.exists(), len(sums)\\n\"}",
      'thinking:[code_interpreter_call]',
      "code_execution_tool_result:(PosixPath('/mnt/data/roll2dice_sums_10000.csv'), True, 10000)",
      'thinking:[reasoning]',
      'server code_execution:{"code":"sums[:20]\\n"}',
      'thinking:[code_interpreter_call]',
      'code_execution_tool_result:[6, 7, 2, 5, 5, 11, 4, 8, 10, 7, 5, 8, 8, 7, 10, 8, 9, 5, 4, 7]',
      'thinking:[reasoning][→message]',
      'text:Here’s a s … el, etc.).',
    ],
    stop: 'end_turn',
    usage: [3103, 2944, 1623, 1408],
  },
  'openai/responses-file-search': {
    blocks: [
      'server file_search:{"queries":["What is the capital of France?"]}',
      'thinking:[file_search_call]',
      'file_search_tool_result',
      'text:The capita …  is Paris.',
    ],
    stop: 'end_turn',
    usage: [1177, 0, 37, 0],
  },
  'openai/responses-mcp': {
    blocks: [
      'thinking:[mcp_list_tools,reasoning]',
      'mcp deepwiki ask_question:{"repoName":"pydantic/pydantic-ai","question":"What is the pydantic/pydantic-ai repository about?"}',
      'thinking:[mcp_call]',
      'mcp_tool_result:The `pydan … 34816dd56\n',
      'thinking:[reasoning][→message]',
      'text:pydantic-a … velopment.',
    ],
    stop: 'end_turn',
    usage: [1401, 0, 480, 256],
  },
  'openai/responses-image-generation': {
    blocks: ['thinking:[reasoning][→image_generation_call]', 'image image/webp:UklGRuIWGQ … HNgnA2uzI='],
    stop: 'end_turn',
    usage: [1021, 1920, 1249, 1024],
  },
  'openai/responses-custom-tool': {
    blocks: ['thinking:[→custom_tool_call]', 'write_sql:{"input":"SELECT * FROM users WHERE age > 25"}'],
    stop: 'tool_use',
    usage: [50, 0, 20, 0],
  },
  'openai/responses-id-rotation-copilot': {
    blocks: ['thinking:**Counting … urrences**[reasoning][→message]', 'text:There are  … , and 9**.'],
    stop: 'end_turn',
    usage: [19, 0, 105, 44],
  },
  'xai/responses-reasoning': {
    blocks: ['thinking:The user s … m 1 to 3"\n[reasoning][→message]', 'text:1, 2, 3.'],
    stop: 'end_turn',
    usage: [71, 128, 160, 152],
  },
  'xai/responses-web-search': {
    blocks: [
      'server web_search:{"query":"what is xAI","num_results":5}',
      'thinking:[web_search_call]',
      'web_search_tool_result',
      'text:xAI is an  … heck x.ai.#####',
    ],
    stop: 'end_turn',
    usage: [297, 1578, 695, 397],
    searches: 1,
  },
  'deepseek/responses-tool': {
    blocks: ['thinking:The user a …  the tool.[reasoning][→function_call]', 'get_temperature:{"city":"Tokyo"}'],
    stop: 'tool_use',
    usage: [110, 256, 59, 14],
  },
  'lmstudio/responses-tool': {
    blocks: [
      'thinking:The user i … tion call.[reasoning][→message]',
      "text:I'll get t … o for you.",
      'thinking:[→function_call]',
      'weather:{"location":"San Francisco"}',
    ],
    stop: 'tool_use',
    usage: [180, 2, 61, 48],
  },
  'openrouter/responses-raw-cot': {
    blocks: ['thinking:The user a …  answer 4.[reasoning][→message]', 'text:4'],
    stop: 'end_turn',
    usage: [78, 0, 37, 22],
  },
}

const wholes: Readonly<Record<string, Expected>> = {
  'openai/responses-parallel-tools-whole': {
    blocks: ['get_location:{"loc_name":"Londos"}', 'get_location:{"loc_name":"London"}'],
    stop: 'tool_use',
    usage: [0, 0, 0, 0],
  },
  'xai/responses-parallel-tools-whole': {
    blocks: [
      'thinking:The questi … o learn?"\n[reasoning][→function_call]',
      'weather:{"latitude":"52.5200","longitude":"13.4050"}',
      'thinking:[→function_call]',
      'best_language_to_learn:{}',
    ],
    stop: 'tool_use',
    usage: [204, 192, 240, 210],
  },
}

const refusals: Readonly<Record<string, readonly [code: string, sent: number, status: number]>> = {
  'openai/responses-error-context-length': ['context_length_exceeded', 400, 400],
  'openai/responses-error-whole': ['provider_quota', 429, 429],
  'xai/error-400-key': ['provider_authentication', 400, 401],
}

function file(name: string): Buffer {
  return readFileSync(join(folder, name))
}

async function replay(behaviour: Behaviour): Promise<StreamEvent[]> {
  const { call } = await callTo(behaviour)
  return collect(openaiResponses.stream(request, call))
}

async function complete(behaviour: Behaviour): Promise<Message> {
  const { call } = await callTo(behaviour)
  const answer = await openaiResponses.complete?.(request, call)
  if (!answer) throw new Error('the adapter has no complete')
  return answer.message
}

/** The response that the last event of a stream repeats, which is what the API answers without a stream. */
function responseIn(recording: Buffer): unknown {
  const data = recording
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line): { type: string; response?: { output: unknown } } => JSON.parse(line.slice('data: '.length)))
  return data.find(({ type }) => type === 'response.completed')?.response
}

/** The API encrypts its reasoning anew each time it writes it down. */
function withoutCipher(message: Message): unknown {
  return JSON.parse(JSON.stringify(message).replaceAll(/\\"encrypted_content\\":\\"[^"]*"/g, ''))
}

function short(message: Message): Expected {
  const { input_tokens, cache_read_input_tokens, output_tokens, output_tokens_details } = message.usage
  const searches = 'server_tool_use' in message.usage && Object(message.usage.server_tool_use).web_search_requests
  return {
    blocks: message.content.map(shortBlock),
    stop: String(message.stop_reason),
    usage: [input_tokens, cache_read_input_tokens ?? undefined, output_tokens, output_tokens_details?.thinking_tokens],
    ...(searches && { searches }),
  }
}

function shortBlock(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return `text:${ends(block.text)}${'#'.repeat(block.citations?.length ?? 0)}`
    case 'thinking': {
      const kept = openKept('oai-resp', block.signature)
      if (!kept) return `thinking:${ends(block.thinking)}, not sealed`
      const items = kept.items.length > 0 ? `[${kept.items.map(({ type }) => type)}]` : ''
      return `thinking:${ends(block.thinking)}${items}${kept.next ? `[→${kept.next.type}]` : ''}`
    }
    case 'tool_use':
      return `${block.name}:${JSON.stringify(block.input)}`
    case 'server_tool_use':
      return `server ${block.name}:${JSON.stringify(block.input)}`
    case 'mcp_tool_use':
      return `mcp ${block.server_name} ${block.name}:${JSON.stringify(block.input)}`
    case 'code_execution_tool_result':
      return `${block.type}:${'stdout' in block.content && block.content.stdout}`
    case 'mcp_tool_result':
      return `${block.type}:${typeof block.content === 'string' ? '' : block.content.map((part) => 'text' in part && ends(String(part.text)))}`
    case 'image':
      return `image ${block.source.media_type}:${ends(block.source.data ?? '')}`
    default:
      return block.type
  }
}

function ends(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 10)} … ${text.slice(-10)}`
}

async function* from(events: readonly StreamEvent[]): AsyncGenerator<StreamEvent> {
  yield* events
}

describe.skipIf(!present)(`recorded traffic (skipped where ${reason})`, () => {
  it.each(Object.entries(streams))('stream %s', async (name, expected) => {
    const events = await replay(sse(file(`${name}.sse`)))
    expectGrammar(events)
    const message = await accumulate(from(events))
    expectMessage(message)
    expect(short(message)).toEqual(expected)
    expect(message.metadata?.warnings).toBeUndefined()
  })

  // Where these servers end their items in another order, or under other ids, the whole answer has that other order or those ids.
  const differing = ['openrouter/responses-raw-cot', 'openai/responses-id-rotation-copilot']
  it.each(Object.keys(streams).filter((name) => !differing.includes(name)))('whole as streamed %s', async (name) => {
    const recording = file(`${name}.sse`)
    const streamed = await accumulate(from(await replay(sse(recording))))
    const whole = await complete(json(responseIn(recording)))
    expect(withoutCipher(whole)).toEqual(withoutCipher(streamed))
  })

  it.each(Object.entries(wholes))('whole answer %s', async (name, expected) => {
    const message = await complete(reply(file(`${name}.json`), { headers: { 'content-type': 'application/json' } }))
    expectMessage(message)
    expect(short(message)).toEqual(expected)
  })

  it('an error in a stream, before response.failed says it again', async () => {
    const failing = replay(sse(file('openai/responses-error-mid-stream.sse')))
    await expect(failing).rejects.toMatchObject({ name: 'GatewayError', code: 'provider_quota', status: 429 })
  })

  it.each(Object.entries(refusals))('refusal %s', async (name, [code, sent, status]) => {
    const behaviour = reply(file(`${name}.json`), { status: sent, headers: { 'content-type': 'application/json' } })
    await expect(replay(behaviour)).rejects.toMatchObject({ name: 'GatewayError', code, status })
  })
})
