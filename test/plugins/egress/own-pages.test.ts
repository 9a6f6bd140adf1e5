import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownPageURLs } from '../../../plugins/egress/own-pages.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { startRawUpstream } from '../../raw-upstream.ts'

const options = { signal: new AbortController().signal, maxBytes: 100_000, timeoutMs: 5000, redirects: 3 }
const fetchBy = (gateway: Gateway, url: string) => gateway.app.egress.fetchPublic(url, options)

describe("the gateway's own page", () => {
  let gateway: Gateway
  let port: string
  beforeAll(async () => {
    gateway = await startGateway()
    port = new URL(gateway.url).port
  })
  afterAll(() => gateway.close())

  it.each(['127.0.0.1', 'localhost'])('can be fetched though it stands on a private address: %s', async (host) => {
    const fetched = await fetchBy(gateway, `http://${host}:${port}/demo/page`)
    expect(fetched).toMatchObject({ status: 200, contentType: 'text/html; charset=utf-8' })
    expect(fetched.body.toString()).toContain('<h1>A page to try tools on</h1>')
  })

  it.each([
    '/metrics',
    '/',
    '/healthz',
    '/openapi.json',
    '/v1/models',
    '/demo/page/',
    '/demo/page?',
    '/demo/page?x=1',
    '/demo/page#there',
    '//demo/page',
    '/demo//page',
    '/demo/./page',
    '/demo/../demo/page',
    '/demo/page/../../metrics',
    '/demo/page/..%2f..%2fmetrics',
    '/demo/%70age',
    '/demo%2fpage',
    '/demo\\page',
    '/%2e%2e/metrics',
    '/Demo/Page',
  ])('is the only one: not %s', async (path) => {
    await expect(fetchBy(gateway, `http://127.0.0.1:${port}${path}`)).rejects.toMatchObject({ code: 'address_not_allowed' })
  })

  it.each([
    ['another spelling of the address', (at: string) => `http://2130706433:${at}/demo/page`],
    ['a short one', (at: string) => `http://127.1:${at}/demo/page`],
    ['another address of this machine', (at: string) => `http://127.0.0.2:${at}/demo/page`],
    ['a mapped one', (at: string) => `http://[::ffff:127.0.0.1]:${at}/demo/page`],
    ['everywhere', (at: string) => `http://0.0.0.0:${at}/demo/page`],
    ['capitals', (at: string) => `HTTP://127.0.0.1:${at}/demo/page`],
    ['a user name', (at: string) => `http://user@127.0.0.1:${at}/demo/page`],
    ['a user name that looks like it', (at: string) => `http://127.0.0.1:${at}@127.0.0.2:${at}/demo/page`],
    ['spaces around it', (at: string) => ` http://127.0.0.1:${at}/demo/page `],
    ['a line end in it', (at: string) => `http://127.0.0.1:${at}/demo/\npage`],
    ['https', (at: string) => `https://127.0.0.1:${at}/demo/page`],
  ])('is not found by %s', async (_, urlAt) => {
    await expect(fetchBy(gateway, urlAt(port))).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:address|url)_not_allowed$/),
    })
  })

  it('is not looked for on another port', async () => {
    const other = await startRawUpstream((socket) => socket.end())
    try {
      await expect(fetchBy(gateway, `${other.url}/demo/page`)).rejects.toMatchObject({ code: 'address_not_allowed' })
      expect(other.exchanges).toHaveLength(0)
    } finally {
      await other.close()
    }
  })

  it('is asked about like any other', async () => {
    const why = new Error('not that one')
    const check = (): void => {
      throw why
    }
    const fetching = gateway.app.egress.fetchPublic(`${gateway.url}/demo/page`, { ...options, check })
    await expect(fetching).rejects.toBe(why)
  })

  it('is public, short and HTML', async () => {
    const response = await fetch(`${gateway.url}/demo/page`)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await response.text()
    for (const tag of ['<title>', '<h1>', '<li>', '<table>', '<a href=']) expect(html).toContain(tag)
    expect(html.length).toBeLessThan(4000)
  })

  it('is a page for models to read', async () => {
    const page = await gateway.app.pages.read(
      `${gateway.url}/demo/page`,
      { maxBytes: 100_000, maxCharacters: 10_000, check: () => undefined },
      { who: 'somebody', signal: new AbortController().signal, timeoutMs: 5000 },
    )
    expect(page).toMatchObject({ url: `${gateway.url}/demo/page`, title: 'A page to try tools on' })
    expect(page.text).toContain('- The gateway fetches the page and makes Markdown of it.')
    expect(page.text).toContain('| Model | What it does |\n| --- | --- |\n| demo/echo |')
    expect(page.text).toContain(`[its documentation](${gateway.url}/docs)`)
  })
})

it('a gateway without the demo has no such page, and fetches nothing from itself', async () => {
  const gateway = await startGateway({ env: { VAI_DEMO: 'false' } })
  try {
    expect((await fetch(`${gateway.url}/demo/page`)).status).toBe(404)
    await expect(fetchBy(gateway, `${gateway.url}/demo/page`)).rejects.toMatchObject({ code: 'address_not_allowed' })
  } finally {
    await gateway.close()
  }
})

describe('the URLs of own pages', () => {
  const urls = (address: string, port = 8080) => [
    ...ownPageURLs([{ address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' }], ['/demo/page']).keys(),
  ]

  it.each([
    ['127.0.0.1', ['http://127.0.0.1:8080/demo/page', 'http://localhost:8080/demo/page']],
    ['::1', ['http://[::1]:8080/demo/page', 'http://localhost:8080/demo/page']],
    ['192.168.1.5', ['http://192.168.1.5:8080/demo/page']],
    ['fd00::5', ['http://[fd00::5]:8080/demo/page']],
    ['0.0.0.0', ['http://127.0.0.1:8080/demo/page', 'http://[::1]:8080/demo/page', 'http://localhost:8080/demo/page']],
  ])('name where the server listens: %s', (address, expected) => {
    expect(urls(address)).toEqual(expected)
  })

  it('leave the usual port out', () => {
    expect(urls('192.168.1.5', 80)).toEqual(['http://192.168.1.5/demo/page'])
  })

  it('are none while it does not listen, or where there is no such page', () => {
    expect(ownPageURLs([], ['/demo/page']).size).toBe(0)
    expect(ownPageURLs([{ address: '127.0.0.1', port: 1, family: 'IPv4' }], []).size).toBe(0)
  })
})
