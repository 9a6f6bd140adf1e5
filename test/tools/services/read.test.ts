import { describe, expect, it, onTestFinished } from 'vitest'
import { firecrawl, readWithFirecrawl } from '../../../tools/services/firecrawl.ts'
import { readWithTavily, tavily } from '../../../tools/services/tavily.ts'
import { type Behaviour, json } from '../../upstreams/behaviour.ts'
import { type FirecrawlAnswer, firecrawlKey, startFirecrawl } from '../../upstreams/firecrawl.ts'
import { startTavily, type TavilyAnswer, tavilyKey } from '../../upstreams/tavily.ts'
import { callOf } from '../call.ts'
import { saidBy } from './vendors.ts'

const asked = 'https://example.com/page?a=1'

async function byTavily(script?: TavilyAnswer | Behaviour, maxCharacters = 1000) {
  const upstream = await startTavily(script)
  onTestFinished(() => upstream.close())
  const { call, logLines } = callOf({ service: tavily, url: upstream.url, key: tavilyKey })
  return { page: readWithTavily(asked, { maxCharacters }, call), upstream, logLines }
}

async function byFirecrawl(script?: FirecrawlAnswer | Behaviour, timeoutMs = 30_000) {
  const upstream = await startFirecrawl(script)
  onTestFinished(() => upstream.close())
  const { call, logLines } = callOf({ service: firecrawl, url: upstream.url, key: firecrawlKey, timeoutMs })
  return { page: readWithFirecrawl(asked, { maxCharacters: 1000 }, call), upstream, logLines }
}

const text = '# A page\n\nWith a text.'

describe('a page that Tavily reads', () => {
  it('is Markdown', async () => {
    const { page, upstream } = await byTavily()
    await expect(page).resolves.toEqual({ url: asked, title: 'A page', text, characters: text.length, isAtLast: false })
    expect(upstream.requests[0]?.json).toEqual({ urls: [asked], format: 'markdown', extract_depth: 'basic' })
  })

  it('is cut where it is too long', async () => {
    const { page } = await byTavily({ results: [{ url: asked, raw_content: 'x'.repeat(1e6) }] }, 100)
    const read = await page
    expect(read).toMatchObject({ title: undefined, characters: 1e6 })
    expect(read.text).toBe(`${'x'.repeat(98)} …`)
  })

  it('is said to fail in the words of the service', async () => {
    const { page } = await byTavily({ results: [], failed: [{ url: asked, error: 'Failed to fetch\nurl' }] })
    await expect(page).rejects.toThrow(`Tavily could not read the page${saidBy(tavily, 'Failed to fetch url')}`)
  })

  it.each([
    [{ results: [] }],
    [{ results: [null, 7] }],
    [{ results: [{ url: asked, raw_content: '' }] }],
    [{ results: [{ url: asked, raw_content: null }] }],
    [{ results: [{ url: asked, raw_content: ' \n' }] }],
  ])('is none without a text: %j', async (answer) => {
    const { page } = await byTavily(answer)
    await expect(page).rejects.toThrow('Tavily found no text on the page.')
  })

  it('stands where it was looked for, whatever else is said', async () => {
    const { page } = await byTavily({ results: [{ url: 'javascript:alert(1)', title: 7, raw_content: 'Text.' }] })
    await expect(page).resolves.toMatchObject({ url: asked, title: undefined })
  })
})

describe('a page that Firecrawl reads', () => {
  it('is Markdown', async () => {
    const { page, upstream } = await byFirecrawl()
    await expect(page).resolves.toEqual({ url: asked, title: 'A page', text, characters: text.length, isAtLast: true })
    expect(upstream.requests[0]?.json).toEqual({ url: asked, formats: ['markdown'], onlyMainContent: true, timeout: 29_000 })
  })

  it('names the address that it came to, and the first of its titles', async () => {
    const metadata = { url: 'https://other.example/', title: ['One', 'Two'], sourceURL: asked }
    const { page } = await byFirecrawl({ data: { markdown: 'Text.', metadata } })
    await expect(page).resolves.toMatchObject({ url: 'https://other.example/', title: 'One' })
  })

  it('does without all that is said about it', async () => {
    const { page } = await byFirecrawl({ data: { markdown: 'Text.', metadata: null } })
    await expect(page).resolves.toEqual({ url: asked, title: undefined, text: 'Text.', characters: 5, isAtLast: false })
  })

  it('is none where the page itself answers with an error', async () => {
    const { page } = await byFirecrawl({ data: { markdown: 'Not found', metadata: { statusCode: 404 } } })
    await expect(page).rejects.toThrow('The page answered with HTTP 404.')
  })

  it('is none where the answer says so', async () => {
    const { page } = await byFirecrawl(json({ success: false, error: 'No engine could read it' }))
    await expect(page).rejects.toThrow(`Firecrawl could not read the page${saidBy(firecrawl, 'No engine could read it')}`)
  })

  it.each([500, 30_000, 3_600_000])('is waited for no longer than the call may take: %d ms', async (timeoutMs) => {
    const { page, upstream } = await byFirecrawl(undefined, timeoutMs)
    await page
    const body = upstream.requests[0]?.json
    expect(body).toMatchObject({ timeout: Math.min(Math.max(timeoutMs - 1000, 1000), 300_000) })
  })
})
