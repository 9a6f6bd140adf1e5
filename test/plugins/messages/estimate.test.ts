import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, it } from 'vitest'
import type { ContentBlockParam, MessageRequest } from '../../../api/schemas.gen.ts'
import { estimateTokens } from '../../../plugins/messages/estimate.ts'
import { groqDialect } from '../../../providers/openai-chat/dialects/groq.ts'
import { createOpenAiChat, openai } from '../../../providers/openai-chat/index.ts'
import type { LlmProvider } from '../../../providers/provider.ts'
import { seal } from '../../../providers/sealed.ts'

const estimate = async (text: string): Promise<number> => {
  const { input_tokens } = await estimateTokens({ messages: [{ role: 'user', content: text }] }, openai)
  return input_tokens
}

/** What a message costs more with these blocks than without. */
const costOf = async (
  role: 'user' | 'assistant',
  content: readonly ContentBlockParam[],
  request: Omit<Partial<MessageRequest>, 'messages'> = {},
  provider: LlmProvider = openai,
): Promise<number> => {
  const count = async (blocks: readonly ContentBlockParam[], more: object): Promise<number> => {
    const { input_tokens } = await estimateTokens({ messages: [{ role, content: [...blocks] }], ...more }, provider)
    return input_tokens
  }
  return (await count(content, request)) - (await count([], {}))
}

it('counts a run without a break, which as a whole would take minutes', async () => {
  for (const run of ['a'.repeat(200_000), ' '.repeat(200_000), '🙂'.repeat(100_000), '普'.repeat(200_000)]) {
    expect(await estimate(run)).toBeGreaterThan(1000)
  }
})

it('counts what looks like a token of control as the text that it is', async () => {
  expect(await estimate('<|endoftext|>')).toBeGreaterThan(5)
})

it('counts text in pieces nearly as if it were whole', async () => {
  const text = 'The gateway puts every model behind one API, whoever made it. '.repeat(500)
  const whole = countTokens(text)
  expect(Math.abs((await estimate(text)) - whole)).toBeLessThan(whole / 100)
})

it('does not cut a character in two', async () => {
  // Each half of a surrogate pair by itself would be replaced, and cost more than the whole: behind a letter every cut falls into one.
  const text = `a${'🙂'.repeat(2000)}`
  expect(await estimate(text)).toBeLessThan(countTokens(text) + 10)
})

it('takes what it does not count to be as dense as what it did', async () => {
  const sentence = 'one two three four '
  const [once, tenTimes] = await Promise.all([estimate(sentence.repeat(10_000)), estimate(sentence.repeat(100_000))])
  expect(tenTimes / once).toBeCloseTo(10, 1)
})

const words = 'one two three four five six seven eight nine ten '.repeat(20)

it('takes a picture at a usual size', async () => {
  const picture: ContentBlockParam = { type: 'image', source: { type: 'url', url: 'https://a.test/a.png' } }
  expect(await costOf('user', [picture])).toBe(1500)
  expect(await costOf('user', [picture, picture])).toBe(3000)
})

it('counts the text of documents, wherever it stands', async () => {
  const source = { type: 'text', media_type: 'text/plain', data: 'x' } as const
  const whole: ContentBlockParam = { type: 'document', source: { type: 'content', content: words } }
  const inParts: ContentBlockParam = { type: 'document', source: { type: 'content', content: [{ type: 'text', text: words }] } }
  for (const block of [whole, inParts]) expect(await costOf('user', [block])).toBeGreaterThan(150)
  expect(await costOf('user', [{ type: 'document', source, title: words }])).toBeGreaterThan(150)
  expect(await costOf('user', [{ type: 'document', source, context: words }])).toBeGreaterThan(150)
})

it('counts the schema of the answer', async () => {
  const schema = { type: 'object' as const, properties: { a: { type: 'string', description: words } } }
  expect(await costOf('user', [], { output_format: { type: 'json_schema', json_schema: schema } })).toBeGreaterThan(150)
  expect(await costOf('user', [], { output_config: { format: { type: 'json_schema', schema } } })).toBeGreaterThan(150)
})

it('counts only the thinking and the tools that the provider is sent', async () => {
  const groq = createOpenAiChat(groqDialect)
  const thinking = (signature: string): ContentBlockParam => ({ type: 'thinking', thinking: words, signature })
  expect(await costOf('assistant', [thinking(seal('groq', ''))], {}, groq)).toBeGreaterThan(150)
  expect(await costOf('assistant', [thinking(seal('gem-dev', ''))], {}, groq)).toBe(0)
  expect(await costOf('assistant', [thinking(seal('openai', ''))])).toBe(0)
  expect(await costOf('assistant', [{ type: 'redacted_thinking', data: words }])).toBe(0)
  const id = seal('groq', '1')
  expect(await costOf('assistant', [{ type: 'server_tool_use', id, name: 'web_search', input: { words } }], {}, groq)).toBe(0)
  const found = { type: 'web_search_result', title: words }
  expect(await costOf('assistant', [{ type: 'web_search_tool_result', tool_use_id: id, content: [found] }], {}, groq)).toBe(0)
})
