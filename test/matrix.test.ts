import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MessageRequest } from '../api/schemas.gen.ts'
import { baseURLSetting } from '../config.ts'
import { basicFeatures, features, matrixEntry } from '../providers/capabilities.ts'
import { providers } from '../providers/index.ts'
import { base, basicSamples, type Changes, featureSamples, type OwnBlocks } from './feature-samples.ts'
import { errorOf, type Gateway, messageOf, startGateway } from './gateway.ts'
import { json } from './upstreams/behaviour.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/**
 * Each cell of the matrix, held against the running server: what is refused never reaches the provider, what is left out is told of
 * and leaves no trace in what is sent, and what is carried or mapped can be found there.
 */

const callable = providers.filter(({ upstream }) => upstream)
let upstream: Upstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => json(answerTo(path)))
  const urls = callable.map((provider) => [provider.upstream ? baseURLVariable(provider.upstream) : '', upstream.url])
  gateway = await startGateway({
    env: Object.fromEntries(urls),
    keys: Object.fromEntries(callable.map(({ id }) => [id, 'sk-test-matrix'])),
  })
})
afterAll(async () => {
  await gateway?.close()
  await upstream?.close()
})

describe.each(callable.map((provider) => [provider.id, provider] as const))('%s', (id, provider) => {
  const samples = featureSamples(ownBlocks[id] ?? plain)

  it('has a sample for every cell', () => {
    const sampled: string[] = [...samples, ...basicSamples].map(({ feature }) => feature)
    expect([...features, ...basicFeatures].filter((feature) => !sampled.includes(feature) && feature !== 'stream')).toEqual([])
  })

  it.each(samples.map((sample) => [sample.feature, matrixEntry(provider.matrix, sample.feature).treatment, sample] as const))(
    '%s: %s',
    async (feature, treatment, { param, changes, without }) => {
      const before = upstream.requests.length
      const response = await ask(id, changes)
      if (treatment === 'reject') {
        const { issues } = await errorOf(response)
        expect(response.status).toBe(400)
        expect(issues).toContainEqual({ param, code: expect.stringMatching(/^unsupported_/), message: expect.any(String) })
        expect(upstream.requests).toHaveLength(before)
        return
      }
      const { metadata } = await messageOf(response)
      expect(response.status).toBe(200)
      const sent = upstream.requests.at(-1)?.json
      const plainly = await ask(id, without)
      expect(plainly.status, await plainly.text()).toBe(200)
      const sentWithout = upstream.requests.at(-1)?.json
      const warning = expect.objectContaining({ param, code: 'dropped', message: expect.any(String) })
      if (treatment === 'drop') {
        expect(metadata?.warnings).toContainEqual(warning)
        expect(sent).toEqual(sentWithout)
      } else {
        expect(metadata?.warnings ?? []).not.toContainEqual(warning)
        if (sameAsUnsaid[feature]?.includes(id)) expect(sent).toEqual(sentWithout)
        else expect(sent).not.toEqual(sentWithout)
      }
    },
  )

  it.each(basicSamples.map((sample) => [sample.feature, sample] as const))('%s', async (_, { changes, without }) => {
    const sent: unknown[] = []
    for (const each of [changes, without]) {
      const response = await ask(id, each)
      expect(response.status, await response.text()).toBe(200)
      sent.push(upstream.requests.at(-1)?.json)
    }
    expect(sent[0]).not.toEqual(sent[1])
  })
})

/** Features that a provider's default means already, so that nothing has to be sent for them. */
const sameAsUnsaid: Readonly<Record<string, readonly string[]>> = {
  'thinking.adaptive': ['openai', 'groq', 'cerebras', 'openrouter', 'oai-resp'],
  'thinking.disabled': [],
}

const plain: OwnBlocks = { signature: 'EqQBCgIYAhIM1gbc', serverToolId: 'srvtoolu_1' }
/** What each provider has written itself, as its adapter seals it. */
const ownBlocks: Readonly<Record<string, OwnBlocks>> = {}

function ask(id: string, changes: Changes): Promise<Response> {
  const request: MessageRequest = { ...base, ...changes, model: `${id}/some-model` }
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

function baseURLVariable(settings: Parameters<typeof baseURLSetting>[0]): string {
  return `VAI_${baseURLSetting(settings).toUpperCase()}`
}
