import { afterAll, expect, it } from 'vitest'
import { errorOf, startGateway } from './gateway.ts'
import { json } from './upstreams/behaviour.ts'
import { startUpstream } from './upstreams/upstream.ts'

/** A count of tokens below nothing is none, whoever tells it. */

const upstream = await startUpstream(() => json({ input_tokens: -5, totalTokens: -5 }))
const gateway = await startGateway({
  env: {
    VAI_RETRY_ATTEMPTS: '0',
    VAI_ANTHROPIC_BASE_URL: upstream.url,
    VAI_OPENAI_BASE_URL: upstream.url,
    VAI_GEMINI_BASE_URL: upstream.url,
  },
  keys: { anthropic: 'sk-test-a', 'oai-resp': 'sk-test-o', 'gem-dev': 'sk-test-g' },
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

it.each(['anthropic/claude-sonnet-4-5', 'oai-resp/gpt-5', 'gem-dev/gemini-3-flash'])('is refused from %s', async (model) => {
  const response = await gateway.post({ model, messages: [{ role: 'user', content: 'Hi.' }] }, {}, '/v1/messages/count_tokens')
  expect(response.status).toBe(502)
  expect(await errorOf(response)).toMatchObject({ code: 'provider_protocol' })
})
