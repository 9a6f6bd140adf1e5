import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, it } from 'vitest'
import { estimateTokens } from '../../../plugins/messages/estimate.ts'

const estimate = async (text: string): Promise<number> => {
  const { input_tokens } = await estimateTokens({ messages: [{ role: 'user', content: text }] })
  return input_tokens
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
