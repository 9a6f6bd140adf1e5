import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildBefore } from '../../built.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { noChromium, startChromium } from './chromium.ts'
import { murmurWav } from './speech.ts'

/** The page of `examples/browser` as people use it: served by its own server, with the SDK as it is built. */
describe.skipIf(noChromium !== '')(`the example for browsers${noChromium}`, { timeout: 60_000 }, () => {
  let folder: string
  let server: ChildProcess
  let origin: string
  let gateway: Gateway
  let browser: Browser

  buildBefore()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vai-example-'))
    const wav = join(folder, 'said.wav')
    writeFileSync(wav, murmurWav())
    const script = fileURLToPath(new URL('../../../examples/browser/serve.mjs', import.meta.url))
    server = spawn(process.execPath, [script], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
    origin = await said(server, /^Open (\S+)$/m)
    gateway = await startGateway({ env: { VAI_CORS_ORIGINS: origin } })
    browser = await startChromium(wav)
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await gateway?.close()
    if (server?.exitCode === null) {
      server.kill()
      await once(server, 'exit')
    }
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  async function opened(address: string): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext()
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(origin)
    await page.click('summary')
    await page.fill('#address', address)
    await page.click('#start')
    return { page, faults }
  }

  it('hears, is heard, can be interrupted and ends', async () => {
    const { page, faults } = await opened(gateway.url)
    await page.waitForSelector('.user:not(.partial)')
    await page.waitForSelector('[data-state=listening]')
    expect(await page.textContent('.assistant')).toMatch(/^Speech of \d\.\d seconds\.$/)
    await page.fill('#text', 'This is a long sentence, that there may be time enough to interrupt it before it is over.')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-state=speaking]')
    // When some of its words were heard.
    await page.waitForFunction('CSS.highlights.get("ahead")?.values().next().value?.startOffset > 10')
    await page.keyboard.press('Escape')
    await page.waitForSelector('.assistant s')
    expect(await page.textContent('.assistant:last-child s')).toMatch(/it is over\.$/)
    await page.click('#mute')
    await page.waitForSelector('[data-state=idle]')
    expect(await page.getAttribute('#mute', 'aria-pressed')).toBe('true')
    await page.click('#end')
    await page.waitForSelector('#settings:not([hidden])')
    expect(await page.isVisible('#error')).toBe(false)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('says what is wrong where there is no gateway, and can be tried again', async () => {
    const { page, faults } = await opened('http://127.0.0.1:9')
    await page.waitForSelector('#error:not([hidden])')
    expect(await page.textContent('#error')).toContain(`VAI_CORS_ORIGINS=${origin}`)
    await page.fill('#address', gateway.url)
    await page.click('#start')
    await page.waitForSelector('#session:not([hidden])')
    expect(await page.isVisible('#error')).toBe(false)
    expect(faults).toEqual([])
    await page.context().close()
  })

  it('is served with nothing but what belongs to it', async () => {
    const statuses = await Promise.all(
      [
        '/',
        '/talk.js',
        '/sdk/browser/worklet.js',
        '/serve.mjs',
        '/sdk/%2e%2e/package.json',
        '/sdk/..%2fpackage.json',
        '/nothing.js',
      ].map(async (path) => (await fetch(`${origin}${path}`)).status),
    )
    expect(statuses).toEqual([200, 200, 200, 404, 404, 404, 404])
  })
})

/** Resolves with what a process has said that matches; rejects where it ends before. */
function said({ stdout }: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    stdout?.on('data', (data) => {
      text += data
      const [, match] = pattern.exec(text) ?? []
      if (match !== undefined) resolve(match)
    })
    stdout?.on('end', () => reject(new Error(`it ended after ${JSON.stringify(text)}`)))
  })
}
