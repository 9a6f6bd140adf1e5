import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'

/** The page to speak with a model: whole, of this server alone, and with nothing in it that its policy would have to let pass. */

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

const assets = [
  ['/demo/voice.css', 'text/css'],
  ['/demo/voice.js', 'text/javascript'],
  ['/demo/voice-sound.js', 'text/javascript'],
] as const

describe('the page to speak with a model', () => {
  it('lets nothing run but what it names itself, by a word that is new each time', async () => {
    const [one, other] = [await pageOf(gateway), await pageOf(gateway)]
    expect(one.nonce).not.toBe(other.nonce)
    expect(one.policy).toEqual([
      "default-src 'none'",
      `script-src 'nonce-${one.nonce}'`,
      `style-src 'nonce-${one.nonce}'`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ])
    expect(one.cacheControl).toBe('no-store')
    expect(one.html).not.toContain('{nonce}')
  })

  it('has no script or style of its own inline, and loads what is there on this server', async () => {
    const { html, nonce } = await pageOf(gateway)
    expect(html).not.toMatch(/\son\w+=|\sstyle=|<style|javascript:/i)
    const loaded = [...html.matchAll(/<(?:script|link)\b[^>]*\b(?:src|href)="(\/[^"]*)"[^>]*>/g)]
    expect(loaded.map(([, path]) => path)).toEqual(['/demo/voice.css', '/demo/voice.js'])
    for (const [tag] of loaded) expect(tag).toContain(`nonce="${nonce}"`)
    expect(html).not.toMatch(/<script[^>]*>[^<]/)
  })

  it.each(assets)('has %s as it stands in web/', async (path, type) => {
    const response = await fetch(gateway.url + path)
    expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`)
    expect(await response.text()).toBe(readFileSync(`web/${path.replace('/demo/', '')}`, 'utf8'))
  })

  it('has a label for everything that takes something in', async () => {
    const { html } = await pageOf(gateway)
    const fields = [...html.matchAll(/<(?:input|textarea|select)\b[^>]*\bid="([^"]+)"/g)].map(([, id]) => id)
    expect(fields.length).toBeGreaterThan(4)
    for (const id of fields) expect(html).toContain(`<label for="${id}">`)
  })

  it('has every element that its script asks for', async () => {
    const { html } = await pageOf(gateway)
    const asked = [...readFileSync('web/voice.js', 'utf8').matchAll(/byId\('([^']+)'\)/g)].map(([, id]) => id)
    expect(asked.length).toBeGreaterThan(10)
    for (const id of asked) expect(html).toContain(`id="${id}"`)
  })

  it('has scripts in which the compiler finds nothing wrong', () => {
    const program = ts.createProgram(['web/voice.js'], {
      allowJs: true,
      checkJs: true,
      strict: true,
      noEmit: true,
      noUncheckedIndexedAccess: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      types: [],
    })
    const found = ts.getPreEmitDiagnostics(program)
    expect(
      found.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
    ).toEqual([])
  })
})

it('where the demo is off there is no such page', async () => {
  const without = await startGateway({ env: { VAI_DEMO: 'false' } })
  try {
    for (const path of ['/demo/voice', ...assets.map(([path]) => path)])
      expect((await fetch(without.url + path)).status).toBe(404)
  } finally {
    await without.close()
  }
})

async function pageOf({ url }: Gateway) {
  const response = await fetch(`${url}/demo/voice`)
  expect(response.status).toBe(200)
  const policy = (response.headers.get('content-security-policy') ?? '').split('; ')
  const nonce = /'nonce-([^']+)'/.exec(policy.join(';'))?.[1] ?? ''
  return { html: await response.text(), policy, nonce, cacheControl: response.headers.get('cache-control') }
}
