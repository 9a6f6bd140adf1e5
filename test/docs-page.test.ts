import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Gateway, startGateway } from './gateway.ts'

/** The page that shows the contract: whole, of this server alone, and true. */

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

describe.each(['/docs', '/docs/'])('%s', (path) => {
  it('is a page whose every asset is there, on the same server', async () => {
    const page = await fetch(gateway.url + path)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toMatch(/^text\/html\b/)
    const links = linksIn(await page.text())
    expect(links.filter((link) => link.endsWith('.js')).length).toBeGreaterThan(0)
    expect(links.filter((link) => link.endsWith('.css')).length).toBeGreaterThan(0)
    for (const link of links) {
      const url = new URL(link, page.url)
      expect(url.origin).toBe(gateway.url)
      const asset = await fetch(url)
      expect({ link, status: asset.status }).toEqual({ link, status: 200 })
      expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(0)
    }
  })

  it('has a policy that keeps it on its server, and that works without TLS', async () => {
    const { headers } = await fetch(gateway.url + path)
    const policy = policyIn(headers.get('content-security-policy') ?? '')
    expect(policy.get('default-src')).toEqual(["'self'"])
    expect(policy.get('object-src')).toEqual(["'none'"])
    expect(policy.get('frame-ancestors')).toEqual(["'none'"])
    expect(policy.get('script-src') ?? policy.get('default-src')).toEqual(["'self'"])
    expect(policy.has('upgrade-insecure-requests')).toBe(false)
    const sources = [...policy.values()].flat()
    expect(sources.filter((source) => /[.*]|https?:/.test(source))).toEqual([])
  })
})

describe('the contract', () => {
  it('is the same as JSON and as YAML', async () => {
    const json = await fetch(`${gateway.url}/openapi.json`)
    const yaml = await fetch(`${gateway.url}/openapi.yaml`)
    expect(json.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(yaml.headers.get('content-type')).toMatch(/^application\/yaml\b/)
    const document: unknown = await json.json()
    expect(document).toHaveProperty(['paths', '/v1/messages', 'post'])
    expect(document).toEqual(parse(await yaml.text()))
  })

  it('is what the page shows, with this server as the only one', async () => {
    const shown: unknown = JSON.parse(await (await fetch(`${gateway.url}/docs/json`)).text())
    const document: object = JSON.parse(await (await fetch(`${gateway.url}/openapi.json`)).text())
    expect(shown).toEqual({ ...document, servers: [{ url: '/' }] })
  })
})

/** Every `src` and `href` of a page. */
function linksIn(html: string): string[] {
  return [...html.matchAll(/\b(?:src|href)\s*=\s*["']([^"']+)["']/g)].map((match) => match[1] ?? '')
}

function policyIn(header: string): Map<string, string[]> {
  return new Map(
    header
      .split(';')
      .map((directive) => directive.trim().split(/\s+/))
      .map(([name = '', ...sources]) => [name, sources]),
  )
}
