import { tavily as tavilyClient } from '@tavily/core'
import { Exa } from 'exa-js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exaKey, startExa } from '../../upstreams/exa.ts'
import { startTavily, tavilyKey } from '../../upstreams/tavily.ts'
import type { Upstream } from '../../upstreams/upstream.ts'

/** The vendors' own clients, against which it shows whether the simulators speak as the vendors do. */

async function started(starting: Promise<Upstream>): Promise<string> {
  const upstream = await starting
  onTestFinished(() => upstream.close())
  return upstream.url
}

describe("Tavily's client", () => {
  it('searches', async () => {
    const client = tavilyClient({ apiKey: tavilyKey, apiBaseURL: await started(startTavily()) })
    const options = { maxResults: 2, timeRange: 'week', country: 'germany', includeDomains: ['example.com'] } as const
    const { results } = await client.search('weather', { ...options, includeDomains: [...options.includeDomains] })
    expect(results).toHaveLength(2)
    expect(results[0]).toMatchObject({ title: 'Page 1', url: 'https://page-1.example.com/', content: 'What page 1 says.' })
  })

  it('reads pages', async () => {
    const client = tavilyClient({ apiKey: tavilyKey, apiBaseURL: await started(startTavily()) })
    const { results, failedResults } = await client.extract(['https://example.com/'], { format: 'markdown' })
    expect(results[0]).toMatchObject({ url: 'https://example.com/', rawContent: '# A page\n\nWith a text.' })
    expect(failedResults).toEqual([])
  })

  it.each([
    ['a wrong key', 'sk-test-wrong', 'weather', 'Unauthorized: missing or invalid API key.'],
    ['a long query', tavilyKey, 'x'.repeat(401), 'Query is too long. Max query length is 400 characters.'],
  ])('understands the refusal of %s', async (_, apiKey, query, words) => {
    const client = tavilyClient({ apiKey, apiBaseURL: await started(startTavily()) })
    await expect(client.search(query)).rejects.toThrow(words)
  })
})

describe("Exa's client", () => {
  it('searches', async () => {
    const client = new Exa(exaKey, await started(startExa()))
    const contents = { highlights: { maxCharacters: 500 } } as const
    const { results } = await client.search('weather', { numResults: 2, userLocation: 'DE', contents })
    expect(results).toHaveLength(2)
    expect(results[0]).toMatchObject({ title: 'Page 1', highlights: ['What page 1 says.', 'And more.'] })
  })

  it.each([
    ['a wrong key', 'sk-test-wrong', {}, 401, 'Invalid API key'],
    ['too many results', exaKey, { numResults: 101 }, 400, 'Number must be between 1 and 100'],
  ])('understands the refusal of %s', async (_, key, options, statusCode, words) => {
    const client = new Exa(key, await started(startExa()))
    const failure: unknown = await client.search('weather', options).catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ statusCode, message: expect.stringContaining(words) })
  })
})
