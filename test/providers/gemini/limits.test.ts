import { expect, it } from 'vitest'
import type { Message } from '../../../api/schemas.gen.ts'
import { GeminiDecoder } from '../../../providers/gemini/decode.ts'
import { geminiDialect } from '../../../providers/gemini/dialect.ts'
import { encodeContents } from '../../../providers/gemini/messages.ts'
import { call, chunk, type Json, messageOf, piece, request, source, stop } from './chunks.ts'

const patience = { timeout: 20_000 }

it('passes over no more elements than a few, however many paths skip some', patience, () => {
  const skips = Array.from({ length: 10_000 }, (_, at) => piece(`$.a${at}[1000]`, { nullValue: null }))
  const calls = Array.from({ length: 5000 }, () => call('f', { partialArgs: [{ jsonPath: '$.a[1000]', nullValue: null }] }))
  const parts = [call('f', { willContinue: true }), ...skips, ...calls]
  expect(JSON.stringify(answer(chunk(parts))).length).toBeLessThan(200 * parts.length)
})

it('holds no more of long and deep paths than was sent', patience, () => {
  const name = 'n'.repeat(80_000)
  const paths = Array.from({ length: 8 }, (_, at) => `$.a${at}${`.${name}`.repeat(99)}`)
  const parts = [call('f', { willContinue: true }), ...paths.map((path) => piece(path, { nullValue: null }))]
  const [tool] = answer(chunk(parts)).content
  expect(tool?.type === 'tool_use' && Object.keys(tool.input)).toEqual(paths.map((_, at) => `a${at}`))
})

it('looks for what is cited only as long as it is worth it', patience, () => {
  const text = 'é'.repeat(4_000_000)
  const groundingSupports = Array.from({ length: 20_000 }, (_, at) => ({
    segment: { startIndex: at, endIndex: at + 1, text: 'ééé.' },
    groundingChunkIndices: [0],
  }))
  const message = answer(chunk([{ text }], grounded(['https://a.test'], groundingSupports)))
  expect(message.metadata?.warnings?.filter(({ code }) => code === 'citations_left_out').length).toBe(1)
})

it('keeps no more of the citations than of an answer that is well cited', patience, () => {
  const text = 'a'.repeat(100_000)
  const pages = Array.from({ length: 2000 }, (_, at) => `https://a.test/${at}`)
  const support = { segment: { startIndex: 0, endIndex: text.length, text }, groundingChunkIndices: pages.map((_, at) => at) }
  const message = answer(chunk([{ text }], grounded(pages, [support])))
  expect(JSON.stringify(message.content[0]).length).toBeLessThan(3_000_000)
  expect(message.metadata?.warnings?.filter(({ code }) => code === 'citations_left_out').length).toBe(1)
})

it('takes a long address that is cited very often', patience, () => {
  const segment = { startIndex: 0, endIndex: 1, text: 'a' }
  const support = { segment, groundingChunkIndices: Array(1_000_000).fill(0) }
  const message = answer(chunk([{ text: 'a' }], grounded([`https://a.test/${'a'.repeat(1_000_000)}`], [support])))
  expect(message.content[0]?.type).toBe('text')
})

it('writes very many blocks as one turn', patience, () => {
  const many = 200_000
  const texts = Array.from({ length: many }, () => ({ type: 'text' as const, text: 'a' }))
  const image = { type: 'image' as const, source: { type: 'base64' as const, media_type: 'image/png' as const, data: 'AA==' } }
  const document = { type: 'document' as const, source: { type: 'content' as const, content: [...texts, image] } }
  const messages = [texts, texts, [document]].map((content) => ({ role: 'user' as const, content: [...content] }))
  const [turn] = encodeContents({ ...request, messages }, 'gemini-3-flash-preview', geminiDialect)
  expect(turn?.parts.length).toBe(3 * many + 3)
})

function grounded(pages: readonly string[], groundingSupports: readonly Json[]): Json {
  return { groundingMetadata: { groundingChunks: pages.map((uri) => ({ web: { uri, title: 'A' } })), groundingSupports } }
}

/** Events are not held to the grammar one by one, which would take longer than all the rest. */
function answer(...chunks: readonly Json[]): Message {
  let made = 0
  const decoder = new GeminiDecoder({ model: request.model, newId: (prefix) => `${prefix}_made${++made}`, source })
  return messageOf([...[...chunks, stop].flatMap((each) => decoder.feed(each)), ...decoder.end(false)])
}
