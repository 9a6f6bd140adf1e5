import { afterAll, describe, expect, it } from 'vitest'
import type { ContentBlockParam, MessageRequest } from '../api/schemas.gen.ts'
import { baseURLSetting } from '../config.ts'
import { basicFeatures, type Feature, features, matrixEntry } from '../providers/capabilities.ts'
import { providers } from '../providers/index.ts'
import { presetNames } from '../providers/openai-compatible.ts'
import type { LlmProvider } from '../providers/provider.ts'
import { seal } from '../providers/sealed.ts'
import { leavesAt, leavesOf } from './carried-leaves.ts'
import { base, basicSamples, type Changes, featureSamples, type OwnBlocks, ownBlocks } from './feature-samples.ts'
import { errorOf, type Gateway, messageOf, startGateway } from './gateway.ts'
import { json } from './upstreams/behaviour.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/**
 * Each cell of the matrix, held against the running server: what is refused never reaches the provider, what is left out is told of
 * and leaves no trace in what is sent, what is carried is found there as the caller said it, and what is mapped leaves a mark.
 */

const plain = ownBlocks('EqQBCgIYAhIM1gbc', 'srvtoolu_1')
const serverResults = ['code_execution_tool_result', 'web_search_tool_result'] as const
const thinker = 'one-that-thinks'

const upstream: Upstream = await startUpstream(({ path, body }) =>
  json(path.includes(thinker) || body.includes(thinker) ? longAnswerTo(path) : answerTo(path)),
)
const gateway: Gateway = await startGateway({
  env: { ...addressesOf(upstream.url), VAI_PROVIDERS: presetNames.join(',') },
  keys: Object.fromEntries([...providers.map(({ id }) => id), ...presetNames].map((id) => [id, 'sk-test-matrix'])),
})
const callable = gateway.app.models.registry.providers.filter((provider) => provider.upstream)

/** By provider: what it has written itself, as it comes out of the gateway. It has to be known before the tests can be named. */
const own = new Map<string, OwnBlocks>()
for (const provider of callable) own.set(provider.id, provider.native ? plain : await writtenBy(provider))

afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

describe.each(callable.map((provider) => [provider.id, provider] as const))('%s', (id, provider) => {
  const samples = featureSamples(own.get(id) ?? plain)

  it('has a sample for every cell', () => {
    const sampled: string[] = [...samples, ...basicSamples].map(({ feature }) => feature)
    expect([...features, ...basicFeatures].filter((feature) => !sampled.includes(feature) && feature !== 'stream')).toEqual([])
  })

  it.each(samples.map((sample) => [sample.feature, matrixEntry(provider.matrix, sample.feature).treatment, sample] as const))(
    '%s: %s',
    async (feature, treatment, { param, changes, without }) => {
      const before = upstream.requests.length
      const model = models[feature] ?? 'some-model'
      const response = await ask(id, changes, model)
      if (treatment === 'reject') {
        const { issues } = await errorOf(response)
        expect(response.status).toBe(400)
        expect(issues).toContainEqual({ param, code: expect.stringMatching(/^unsupported_/), message: expect.any(String) })
        expect(upstream.requests).toHaveLength(before)
        return
      }
      if (refusedThere[id]?.test(JSON.stringify(without))) {
        // What it belongs to is refused, so that its own cell is never looked at.
        expect([response.status, (await ask(id, without, model)).status]).toEqual([400, 400])
        expect(upstream.requests).toHaveLength(before)
        return
      }
      const { metadata } = await messageOf(response)
      expect(response.status).toBe(200)
      const sent = upstream.requests.at(-1)?.json
      const plainly = await ask(id, without, model)
      expect(plainly.status, await plainly.text()).toBe(200)
      const sentWithout = upstream.requests.at(-1)?.json
      const warning = expect.objectContaining({ param, code: 'dropped', message: expect.any(String) })
      if (treatment === 'drop' || (droppedThere[feature] ?? droppedThere[param])?.includes(id)) {
        expect(metadata?.warnings).toContainEqual(warning)
        expect(sent).toEqual(sentWithout)
      } else {
        expect(metadata?.warnings ?? []).not.toContainEqual(warning)
        if ((sameAsUnsaid[feature] ?? sameThere[param])?.includes(id)) expect(sent).toEqual(sentWithout)
        else if (treatment === 'carry')
          expect(leavesOf(sent, sentWithout)).toEqual(expect.arrayContaining(leavesAt(changes, param)))
        else expect(sent).not.toEqual(sentWithout)
      }
    },
  )

  const taken = basicSamples.filter(({ changes }) => !refusedThere[id]?.test(JSON.stringify(changes)))
  it.each(taken.map((sample) => [sample.feature, sample] as const))('%s', async (_, { changes, without }) => {
    const sent: unknown[] = []
    for (const each of [changes, without]) {
      const response = await ask(id, each, 'some-model')
      expect(response.status, await response.text()).toBe(200)
      sent.push(upstream.requests.at(-1)?.json)
    }
    expect(sent[0]).not.toEqual(sent[1])
  })
})

/** Models that have to be asked by name, because others of their provider are known not to have the feature. */
const models: Readonly<Record<string, string>> = { cache_control: 'gpt-5.6-sol', 'thinking.adaptive': 'gpt-5.1' }

/** Features that a provider's default means already, so that nothing has to be sent for them. */
const sameAsUnsaid: Readonly<Record<string, readonly string[]>> = {
  'thinking.adaptive': ['groq', 'cerebras', 'ollama', 'lmstudio', 'mistral', 'xai', 'fireworks', 'perplexity', 'azure'],
}
const openai = ['openai', 'oai-resp']

/** Places where a feature says what the provider does anyway: OpenAI itself marks the end of the whole request. */
const sameThere: Readonly<Record<string, readonly string[]>> = { cache_control: openai }

/** Features, and places of features, that are left out with a warning though they are mapped elsewhere. */
const droppedThere: Readonly<Record<string, readonly string[]>> = {
  'tools[0].cache_control': openai,
  // Their models know no effort that is none.
  'thinking.disabled': ['lmstudio', 'mistral', 'perplexity'],
}

/** Servers that refuse every request with tools, or with a schema, whatever else of them it says. */
const refusedThere: Readonly<Record<string, RegExp>> = { perplexity: /"tools":/, deepseek: /"output_format":/ }

/** What a provider that seals writes when it thinks and uses tools of its own; sealed blocks stand in for what it has none of. */
async function writtenBy({ id, matrix }: LlmProvider): Promise<OwnBlocks> {
  const isDropped = (feature: Feature): boolean => matrixEntry(matrix, feature).treatment === 'drop'
  const { content } = await messageOf(await gateway.post({ ...base, model: `${id}/${thinker}` }))
  const blocks: readonly ContentBlockParam[] = JSON.parse(JSON.stringify(content))
  const { thinking, serverTool, mcpTool } = ownBlocks(seal(id, ''), seal(id, '1'))
  return {
    thinking: upTo(blocks, 'thinking', 'thinking') ?? thinking,
    // What goes nowhere carries nothing either.
    serverTool: isDropped('block.server_tool') ? serverTool : (upTo(blocks, 'server_tool_use', ...serverResults) ?? serverTool),
    mcpTool: isDropped('block.mcp_tool') ? mcpTool : (upTo(blocks, 'mcp_tool_use', 'mcp_tool_result') ?? mcpTool),
  }
}

/** From the block before one of a type, which may carry what belongs to it, to the first of some others. */
function upTo(
  blocks: readonly ContentBlockParam[],
  type: ContentBlockParam['type'],
  ...last: readonly ContentBlockParam['type'][]
): readonly ContentBlockParam[] | undefined {
  const start = blocks.findIndex((block) => block.type === type)
  if (start < 0) return undefined
  const end = blocks.findIndex((block, at) => at >= start && last.includes(block.type))
  const carrier = type !== 'thinking' && blocks[start - 1]?.type === 'thinking' ? start - 1 : start
  return blocks.slice(carrier, end + 1)
}

function ask(id: string, changes: Changes, model: string): Promise<Response> {
  const request: MessageRequest = { ...base, ...changes, model: `${id}/${model}` }
  return gateway.post(request)
}

/** A short answer in the language of the API that is asked. */
function answerTo(path: string): unknown {
  if (path.endsWith('/v1/messages')) {
    const usage = { input_tokens: 1, output_tokens: 1 }
    const content = [{ type: 'text', text: 'Yes.' }]
    return {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'some-model',
      content,
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage,
    }
  }
  if (path.endsWith('/chat/completions')) {
    return { id: 'c', choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }] }
  }
  if (path.endsWith('/responses')) {
    const content = [{ type: 'output_text', text: 'Yes.', annotations: [] }]
    const output = [{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content }]
    return { id: 'resp_1', object: 'response', status: 'completed', model: 'some-model', output }
  }
  return { candidates: [{ content: { role: 'model', parts: [{ text: 'Yes.' }] }, finishReason: 'STOP' }] }
}

/** An answer with whatever the API's models can write besides text. */
function longAnswerTo(path: string): unknown {
  if (path.endsWith('/chat/completions')) {
    const executed = {
      index: 0,
      type: 'search',
      arguments: '{"query":"x"}',
      output: 'Title: A\nURL: https://a.test\nContent: b\nScore: 1',
    }
    const details = [{ type: 'reasoning.text', text: 'hm', signature: 'c2ln', index: 0 }]
    const message = {
      role: 'assistant',
      content: 'Yes.',
      reasoning: 'hm',
      reasoning_details: details,
      executed_tools: [executed],
    }
    return { id: 'c', choices: [{ index: 0, message, finish_reason: 'stop' }] }
  }
  if (path.endsWith('/responses')) {
    const summary = [{ type: 'summary_text', text: 'hm' }]
    const output = [
      { type: 'reasoning', id: 'rs_1', summary, encrypted_content: 'c2ln' },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'x' } },
      { type: 'mcp_call', id: 'mcp_1', name: 'f', server_label: 's', arguments: '{}', output: 'x' },
    ]
    return { id: 'resp_1', object: 'response', status: 'completed', model: thinker, output }
  }
  const parts = [
    { text: 'hm', thought: true },
    { text: 'Yes.', thoughtSignature: 'c2ln' },
    { executableCode: { language: 'PYTHON', code: 'print(1)' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
  ]
  return { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] }
}

/** The settings by which every provider is reached at one address. */
function addressesOf(url: string): Record<string, string> {
  const own = providers.flatMap(({ upstream: settings }) => (settings ? [baseURLSetting(settings).toUpperCase()] : []))
  const names = [...own, ...presetNames.map((name) => `${name.toUpperCase()}_BASE_URL`)]
  return Object.fromEntries(names.map((name) => [`VAI_${name}`, url]))
}
