import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { startGateway } from '../../gateway.ts'
import { json, silence } from '../../upstreams/behaviour.ts'
import { openai as vendor } from '../../voice/vendors.ts'
import { startChromium, TestPage } from './chromium.ts'
import { type Pages, startPages } from './pages.ts'
import { murmurWav } from './speech.ts'

/** What all tests in a browser share, as each of it takes a second to start: Chromium, a gateway, a page of each origin, and the example's server. */
export interface Stage {
  readonly browser: Browser
  readonly pages: Pages
  /** Of the gateway. */
  readonly url: string
  /** A page of an origin that the gateway knows, which somebody has clicked on. */
  readonly page: TestPage
  /** One of an origin that it does not know. */
  readonly strange: TestPage
  /** Where the page of `examples/browser` is. */
  readonly example: string
  close(): Promise<void>
}

/** A voice that says whatever it is given, but for what holds one of two words: it has none for the first, and never answers the second. */
export const failingVoice = { voice: vendor.voice, unspeakable: 'unspeakable', endless: 'endless' }

const refusal = json({ error: { message: 'Nobody can say this.' } }, { status: 400 })

export async function startStage(): Promise<Stage> {
  const closing: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).reverse()) await each()
  }
  try {
    const folder = mkdtempSync(join(tmpdir(), 'vai-browser-'))
    closing.push(() => rmSync(folder, { recursive: true, force: true }))
    const wav = join(folder, 'said.wav')
    writeFileSync(wav, murmurWav())
    const pages = await startPages()
    closing.push(() => pages.close())
    const example = await startExample()
    closing.push(() => example.close())
    const speech = await vendor.start((text) => {
      if (text.includes(failingVoice.unspeakable)) return refusal
      return text.includes(failingVoice.endless) ? silence : undefined
    })
    closing.push(() => speech.close())
    const gateway = await startGateway({
      env: { VAI_CORS_ORIGINS: `${pages.origin},${example.origin}`, ...vendor.env(speech.url) },
      keys: { [vendor.id]: vendor.key },
    })
    closing.push(() => gateway.close())
    const browser = await startChromium(wav)
    closing.push(() => browser.close())
    const page = await TestPage.open(browser, pages.origin)
    const strange = await TestPage.open(browser, pages.otherOrigin)
    return { browser, pages, url: gateway.url, page, strange, example: example.origin, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The example's page as people use it: served by its own server, with the SDK as it is built. */
async function startExample(): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const script = fileURLToPath(new URL('../../../examples/browser/serve.mjs', import.meta.url))
  const server = spawn(process.execPath, [script], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  return {
    origin: await said(server, /^Open (\S+)$/m),
    async close() {
      if (server.exitCode !== null) return
      server.kill()
      await once(server, 'exit')
    },
  }
}

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
