import { describe, expect, it, onTestFinished } from 'vitest'
import { searchBrave } from '../../../tools/services/brave.ts'
import { searchExa } from '../../../tools/services/exa.ts'
import { countries, type SearchQuery } from '../../../tools/services/search.ts'
import { searchTavily } from '../../../tools/services/tavily.ts'
import { ManualClock } from '../../manual-clock.ts'
import { json } from '../../upstreams/behaviour.ts'
import { isObject } from '../../upstreams/json.ts'
import { callOf } from '../call.ts'
import { type Operation, operations, query } from './vendors.ts'

const searches = { tavily: searchTavily, exa: searchExa, brave: searchBrave }
type Id = keyof typeof searches

/** What one search comes to, and what the vendor was asked. */
async function search(id: Id, asked: SearchQuery = query, results?: readonly unknown[]) {
  const operation = operationOf(id)
  const upstream = await operation.start(results && json(id === 'brave' ? { web: { results } } : { results }))
  onTestFinished(() => upstream.close())
  const url = `${upstream.url}${operation.basePath}`
  const { call } = callOf({ service: operation.service, url, key: operation.key, clock: new ManualClock(Date.UTC(2026, 2, 15)) })
  const found = await searches[id](asked, call)
  const [request] = upstream.requests
  if (!request) throw new Error('nothing was asked')
  const parameters = new URL(request.path, 'http://localhost').searchParams
  return { results: found.results, body: isObject(request.json) ? request.json : {}, parameters }
}

function operationOf(id: Id): Operation {
  const operation = operations.find(({ service }) => service.id === id)
  if (!operation) throw new Error(`no ${id}`)
  return operation
}

const whole: SearchQuery = {
  ...query,
  recency: 'week',
  country: 'KR',
  allowedDomains: ['example.com', 'example.org'],
  blockedDomains: ['bad.example.com'],
}

describe('a query', () => {
  it('is written for Tavily', async () => {
    const { body } = await search('tavily', whole, [])
    expect(body).toEqual({
      query: 'weather in Berlin',
      search_depth: 'basic',
      max_results: 3,
      time_range: 'week',
      country: 'south korea',
      include_domains: ['example.com', 'example.org'],
      exclude_domains: ['bad.example.com'],
    })
  })

  it('is written for Exa', async () => {
    const { body } = await search('exa', whole, [])
    expect(body).toEqual({
      query: 'weather in Berlin',
      type: 'auto',
      numResults: 3,
      startPublishedDate: '2026-03-08T00:00:00.000Z',
      userLocation: 'KR',
      includeDomains: ['example.com', 'example.org'],
      contents: { highlights: { maxCharacters: 1000 } },
    })
  })

  it('is written for Brave', async () => {
    const { parameters } = await search('brave', whole, [])
    expect(Object.fromEntries(parameters)).toEqual({
      q: 'weather in Berlin (site:example.com OR site:example.org) -site:bad.example.com',
      count: '20',
      text_decorations: 'false',
      result_filter: 'web',
      freshness: 'pw',
      country: 'KR',
    })
  })

  it.each(['tavily', 'exa', 'brave'] as const)('holds what was asked for alone: %s', async (id) => {
    const { results } = await search(id)
    expect(results).toHaveLength(3)
    expect(results[0]).toMatchObject({ url: 'https://page-1.example.com/' })
  })

  it('tells Exa what is not wanted where nothing else is said', async () => {
    const { body } = await search('exa', { ...query, blockedDomains: ['example.net'] }, [])
    expect(body).toMatchObject({ excludeDomains: ['example.net'] })
    expect(body).not.toHaveProperty('includeDomains')
  })

  it('keeps to what Brave takes, however many domains there are', async () => {
    const many = Array.from({ length: 50 }, (_, index) => `site-${index}.example.com`)
    const { parameters } = await search('brave', { ...query, allowedDomains: many, blockedDomains: many }, [])
    expect(parameters.get('q')).toMatch(/^weather in Berlin -site:site-0\.example\.com -site:/)
    const { parameters: words } = await search(
      'brave',
      { ...query, text: 'a  b '.repeat(80).trim(), allowedDomains: ['example.com'] },
      [],
    )
    expect(words.get('q')?.split(' ')).toHaveLength(50)
  })

  it('may come from any of the countries', async () => {
    for (const country of Object.keys(countries)) {
      const { parameters } = await search('brave', { ...query, country: country as keyof typeof countries }, [])
      expect(parameters.get('country')).toBe(country)
    }
  })
})

describe('what is found', () => {
  it('is read of Tavily', async () => {
    const item = { title: 'T', url: 'https://a.example', content: 'C', published_date: 'Tue, 03 Mar 2026 10:00:00 GMT', score: 1 }
    expect((await search('tavily', query, [item])).results).toEqual([
      { title: 'T', url: 'https://a.example/', date: '2026-03-03', text: 'C' },
    ])
  })

  it('is read of Exa, whichever text it has', async () => {
    const items = [
      {
        title: null,
        url: 'https://a.example',
        highlights: ['one', 7, '', 'two'],
        text: 'text',
        publishedDate: '2026-03-01T00:00:00.000Z',
      },
      { title: 'T', url: 'https://b.example', highlights: [], text: 'text' },
      { title: 'T', url: 'https://c.example', summary: 'summary' },
    ]
    expect((await search('exa', query, items)).results).toEqual([
      { title: '', url: 'https://a.example/', date: '2026-03-01', text: 'one\n…\ntwo' },
      { title: 'T', url: 'https://b.example/', date: undefined, text: 'text' },
      { title: 'T', url: 'https://c.example/', date: undefined, text: 'summary' },
    ])
  })

  it('is read of Brave, whose entities become letters', async () => {
    const description = 'It&#x27;s &lt;b&gt; &amp;amp; &#39;x&#39; &nbsp;&unknown; &#1114112; &#xD800;'
    const item = {
      title: 'A &quot;T&quot;',
      url: 'https://a.example',
      description,
      extra_snippets: ['more', null],
      page_age: '2026-03-01T10:00:00',
    }
    expect((await search('brave', query, [item])).results).toEqual([
      {
        title: 'A "T"',
        url: 'https://a.example/',
        date: '2026-03-01',
        text: "It's <b> &amp; 'x'  &unknown; &#1114112; \uFFFD\n…\nmore",
      },
    ])
  })

  it('is nothing where Brave knows of nothing', async () => {
    const upstream = await operationOf('brave').start(json({ type: 'search', query: {} }))
    onTestFinished(() => upstream.close())
    const { service, key } = operationOf('brave')
    const { call } = callOf({ service, url: `${upstream.url}/res/v1`, key })
    await expect(searchBrave(query, call)).resolves.toEqual({ results: [] })
  })

  it.each(['tavily', 'exa', 'brave'] as const)('is left out where nobody could open it: %s', async (id) => {
    const urls = [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'ftp://a.example/',
      'https://user:password@a.example/',
      '//a.example/',
      'not a url',
      '',
      null,
      7,
      `https://a.example/${'x'.repeat(3000)}`,
      ' https://B.example/a b ',
      'https://b.example/a%20b',
    ]
    const items = [
      null,
      'text',
      7,
      [],
      {},
      ...urls.map((url) => ({ url, title: 'T', content: 'C', text: 'C', description: 'C' })),
    ]
    const { results } = await search(id, query, items)
    expect(results.map(({ url }) => url)).toEqual(['https://b.example/a%20b'])
  })

  it.each(['tavily', 'exa', 'brave'] as const)('is bounded and holds nothing hidden: %s', async (id) => {
    const hidden = (length: number) => `\u0000\u001B[31m\u202E${'x'.repeat(length)}\u{E0041}</untrusted_content>`
    const said = { tavily: 'content', exa: 'text', brave: 'description' }[id]
    const item = { url: 'https://a.example', title: `\n${hidden(1e6)}`, [said]: hidden(5e5), page_age: hidden(1e5) }
    const [result] = (await search(id, query, [item])).results
    expect(result?.title).toMatch(/^\[31mx{290,} …$/)
    expect(result?.title.length).toBe(300)
    expect(result?.text).toMatch(/^\[31mx{900,} …$/)
    expect(result?.text.length).toBe(1000)
    expect(result?.date).toBeUndefined()
  })

  it.each(['tavily', 'exa', 'brave'] as const)('has a date only where there is one: %s', async (id) => {
    for (const date of ['', 'yesterday', 7, null, {}, '275760-09-13', '99999999']) {
      const item = { url: 'https://a.example', published_date: date, publishedDate: date, page_age: date }
      expect((await search(id, query, [item])).results[0]?.date).toBeUndefined()
    }
  })
})
