import { Agent } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { accumulate } from '../../../api/accumulate.ts'
import { systemClock } from '../../../api/clock.ts'
import type { Message, MessageRequest } from '../../../api/schemas.gen.ts'
import { Secret } from '../../../api/secret.ts'
import { openaiResponses } from '../../../providers/openai-responses/index.ts'
import { encodeInput } from '../../../providers/openai-responses/input.ts'
import type { Call } from '../../../providers/provider.ts'
import { isObject, type Json, objects } from '../../upstreams/json.ts'
import { openAiKey } from '../../upstreams/openai-chat.ts'
import { type ResponsesOptions, startOpenAiResponses } from '../../upstreams/openai-responses.ts'
import { filled, functionCall, message, type ResponsesAnswer, reasoning } from '../../upstreams/openai-responses-answer.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { expectGrammar, expectMessage } from '../openai-chat/drive.ts'

async function simulated(options: ResponsesOptions = {}): Promise<{ upstream: Upstream; call: Call }> {
  const upstream = await startOpenAiResponses(options)
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    await upstream.close()
  })
  const call: Call = {
    model: 'gpt-5-test',
    apiKey: new Secret(openAiKey),
    baseURL: new URL(`${upstream.url}/v1`),
    signal: new AbortController().signal,
    dispatcher,
    requestId: 'req_test_0001',
    headers: {},
    query: '',
    timeouts: { firstByteMs: 5000, idleMs: 5000 },
    clock: systemClock,
    log: { debug: () => undefined, warn: () => undefined },
  }
  return { upstream, call }
}

const weather = {
  name: 'get_weather',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } }, required: ['city'] },
}
const base: MessageRequest = {
  model: 'oai-resp/gpt-5-test',
  max_tokens: 1000,
  tools: [weather],
  messages: [{ role: 'user', content: 'Compare Paris and Rome.' }],
}

/** As a client sends an answer back: through JSON, with the fields it was given. */
function sentBack(answer: Message): MessageRequest['messages'][number] {
  return { role: 'assistant', content: JSON.parse(JSON.stringify(answer.content)) }
}

function inputSent(upstream: Upstream): readonly Json[] {
  const body = upstream.requests.at(-1)?.json
  return objects(isObject(body) ? body.input : undefined)
}

const answers: readonly ('stream' | 'complete')[] = ['stream', 'complete']

async function ask(how: 'stream' | 'complete', request: MessageRequest, call: Call): Promise<Message> {
  if (how === 'stream') return accumulate(openaiResponses.stream(request, call))
  const whole = await openaiResponses.complete?.(request, call)
  if (!whole) throw new Error('the adapter has no complete')
  return whole.message
}

describe.each(answers)('a conversation with tools (%s)', (how) => {
  it('goes back item by item as it came, reasoning and ids included', async () => {
    const steps: ResponsesAnswer[] = [
      {
        output: [
          reasoning('First the weather.', 'In both.'),
          functionCall('get_weather', { city: 'Paris' }),
          functionCall('get_weather', { city: 'Rome' }),
        ],
      },
      {
        output: [
          reasoning(),
          message('One more look.', { phase: 'commentary' }),
          reasoning('Once more.'),
          functionCall('get_weather', { city: 'Rome', again: 'é' }),
        ],
      },
      { output: [reasoning('Done.'), message('Rome is warmer.', { phase: 'final_answer' })] },
    ]
    const { upstream, call } = await simulated({ script: steps })
    const messages = [...base.messages]
    for (const [step, given] of steps.entries()) {
      const answer = await ask(how, { ...base, messages }, call)
      expectMessage(answer)
      expect(answer.stop_reason).toBe(step < 2 ? 'tool_use' : 'end_turn')
      const request = upstream.requests.at(-1)
      if (!request) throw new Error('nothing was sent')
      messages.push(sentBack(answer))
      const calls = answer.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
      const results = calls.map((id) => ({ type: 'tool_result' as const, tool_use_id: id, content: `sunny ${id}` }))
      messages.push({ role: 'user', content: calls.length > 0 ? results : 'Thanks.' })
      const expected = filled(given, request).map(withoutNoise)
      const again = encodeInput({ messages }, 'oai-resp')
      const end = again.length - Math.max(calls.length, 1)
      expect(again.slice(end - expected.length, end).map(withoutNoise)).toEqual(expected)
    }
  })

  it('is a plain message where there was no reasoning', async () => {
    const { upstream, call } = await simulated({ script: { output: [message('Hello.')] } })
    const first = await ask(how, base, call)
    expect(first.content).toEqual([{ type: 'text', text: 'Hello.' }])
    await ask(how, { ...base, messages: [...base.messages, sentBack(first), { role: 'user', content: 'And?' }] }, call)
    expect(inputSent(upstream)[1]).toEqual({
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hello.', annotations: [] }],
    })
  })

  it('is taken by the vendor where the thinking is left out, too', async () => {
    const { call } = await simulated()
    const first = await ask(how, base, call)
    const content = first.content.filter(({ type }) => type !== 'thinking')
    const id = first.content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))[0] ?? ''
    const messages = [
      ...base.messages,
      sentBack({ ...first, content }),
      { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: id, content: 'sunny' }] },
    ]
    expect((await ask(how, { ...base, messages }, call)).content.at(-1)).toMatchObject({ text: 'sunny' })
  })

  it('leaves out reasoning that led to nothing', async () => {
    const { upstream, call } = await simulated({
      script: [{ output: [reasoning('Hm.')], incomplete: 'max_output_tokens' }, { output: [message('Yes.')] }],
    })
    const first = await ask(how, base, call)
    expect(first).toMatchObject({ stop_reason: 'max_tokens', content: [{ type: 'thinking', thinking: 'Hm.' }] })
    await ask(how, { ...base, messages: [...base.messages, sentBack(first), { role: 'user', content: 'And?' }] }, call)
    expect(inputSent(upstream)).toEqual([base.messages[0], { role: 'user', content: 'And?' }])
  })
})

describe.each(answers)('what the API ran itself (%s)', (how) => {
  const found = { type: 'search', query: 'weather', sources: [{ type: 'url', url: 'https://a.test' }] }
  const image = Buffer.from('a picture').toString('base64')
  const output: readonly Json[] = [
    { type: 'mcp_list_tools', server_label: 's', tools: [{ name: 'look', input_schema: { type: 'object' } }] },
    reasoning('Searching.'),
    { type: 'web_search_call', action: found },
    { type: 'code_interpreter_call', code: 'print("é\n")', container_id: 'cntr_1', outputs: [{ type: 'logs', logs: 'é' }] },
    { type: 'file_search_call', queries: ['q'], results: [{ file_id: 'file_1', text: 'found' }] },
    {
      type: 'mcp_call',
      server_label: 's',
      name: 'look',
      arguments: '{"at": 1}',
      output: 'seen',
      error: null,
      approval_request_id: null,
    },
    { type: 'image_generation_call', result: image, output_format: 'jpeg', quality: 'low' },
    message('There it is.'),
  ]
  const request: MessageRequest = {
    ...base,
    tools: [{ type: 'web_search' }, { type: 'code_execution' }, { type: 'file_search', config: { vector_store_ids: ['vs_1'] } }],
    mcp_servers: [{ type: 'url', name: 's', url: 'https://mcp.test' }],
    output: { modalities: ['text', 'image'] },
  }

  it('becomes calls and results, and goes back as it came', async () => {
    const { upstream, call } = await simulated({ script: [{ output }, { output: [message('Gladly.')] }] })
    const first = await ask(how, request, call)
    expectMessage(first)
    const calls = first.content.filter(({ type }) => type !== 'thinking')
    expect(calls).toMatchObject([
      { type: 'server_tool_use', name: 'web_search', input: { type: 'search', query: 'weather' } },
      { type: 'web_search_tool_result', content: [{ type: 'web_search_result', url: 'https://a.test' }] },
      { type: 'server_tool_use', name: 'code_execution', input: { code: 'print("é\n")' } },
      { type: 'code_execution_tool_result', content: { type: 'code_execution_result', stdout: 'é', return_code: 0 } },
      { type: 'server_tool_use', name: 'file_search', input: { queries: ['q'] } },
      { type: 'file_search_tool_result', content: { results: [{ file_id: 'file_1', text: 'found' }] } },
      { type: 'mcp_tool_use', name: 'look', server_name: 's', input: { at: 1 } },
      { type: 'mcp_tool_result', is_error: false, content: [{ type: 'text', text: 'seen' }] },
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: image } },
      { type: 'text', text: 'There it is.' },
    ])
    for (const [at, block] of calls.entries()) {
      if ('tool_use_id' in block) expect(calls[at - 1]).toMatchObject({ id: block.tool_use_id })
    }
    expect(first.usage).toMatchObject({ server_tool_use: { web_search_requests: 1 } })

    const sent = upstream.requests.at(-1)
    if (!sent) throw new Error('nothing was sent')
    const messages = [...base.messages, sentBack(first), { role: 'user' as const, content: 'Again, please.' }]
    await ask(how, { ...request, messages }, call)
    const items = filled({ output }, sent).map(({ output_format: _, quality: __, ...item }) => withoutNoise(item))
    expect(inputSent(upstream).slice(1, -1).map(withoutNoise)).toEqual(items)
  })
})

/** What the API takes back without, since it says nothing: empty lists of a text's notes. */
function withoutNoise(item: Json): Json {
  const { content, ...rest } = item
  const present = Object.entries(rest).filter(([, value]) => value !== null)
  const parts = objects(content).map(({ type, text }) => ({ type, text }))
  return { ...Object.fromEntries(present), ...(parts.length > 0 && { content: parts }) }
}

it('keeps the grammar in the stream of all of them', async () => {
  const { call } = await simulated()
  const events = []
  for await (const item of openaiResponses.stream(base, call)) if (item.type !== 'wire') events.push(item)
  expectGrammar(events)
})
