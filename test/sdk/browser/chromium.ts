import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { type Browser, chromium, type Page } from 'playwright-core'

const path = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)))
  .find(existsSync)

/** What a suite's name says where there is no browser. */
export const noChromium = path === undefined ? ' (skipped: there is no chromium on this machine)' : ''

/** A browser whose microphone hears a WAV file, once each time that it is opened, and whose user allows it. Autoplay is as it usually is. */
export function startChromium(wav: string): Promise<Browser> {
  return chromium.launch({
    ...(path !== undefined && { executablePath: path }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${wav}%noloop`,
    ],
  })
}

/** A page, and what went wrong in it. */
export class TestPage {
  readonly page: Page
  readonly #faults: string[]

  private constructor(page: Page, faults: string[]) {
    this.page = page
    this.#faults = faults
  }

  static async open(browser: Browser, url: string): Promise<TestPage> {
    const context = await browser.newContext()
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(url)
    // Browsers make no sound before that.
    await page.click('body')
    return new TestPage(page, faults)
  }

  /** Calls one of the scenarios in the page, and gives what it came to. */
  async run<Result>(scenario: string, args: object = {}, module = 'scenarios'): Promise<Result> {
    const call = `import('/${module}.js').then(({ ${scenario} }) => ${scenario}(${JSON.stringify(args)}))`
    const result = await this.page.evaluate<Result>(call)
    const faults = this.#faults.splice(0)
    if (faults.length > 0) throw new Error(`faults in the page: ${faults.join('; ')}`)
    return result
  }
}

/** What a scenario comes to in a page that nobody has touched; evaluating something in it would be that. */
export async function untouched(browser: Browser, origin: string, scenario: string): Promise<unknown> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const told = new Promise<unknown>((resolve, reject) => {
    page.exposeFunction('tell', resolve).then(() => page.goto(`${origin}/?run=${scenario}`), reject)
    page.on('pageerror', reject)
  })
  return told.finally(() => context.close())
}
