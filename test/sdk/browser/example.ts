import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { buildBefore } from '../../built.ts'
import type { Stage } from './stage.ts'

/** The page of `examples/browser`, with the SDK as it is built. */
export function testExample(stage: () => Stage): void {
  buildBefore()

  async function opened(address: string): Promise<{ page: Page; faults: string[] }> {
    const context = await stage().browser.newContext()
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    // Whatever there is on this machine, the page finds nobody where it looks first.
    let asked = 0
    await page.route('http://127.0.0.1:8080/**', (route) => {
      asked++
      return route.abort()
    })
    await page.goto(stage().example)
    // It says so at once, after one try, and unfolds where the address is.
    await page.waitForSelector('#error:not([hidden])')
    await page.waitForSelector('#gateway[open]')
    expect(asked).toBe(1)
    await page.fill('#address', address)
    await page.click('#start')
    return { page, faults }
  }

  it('hears, is heard, can be interrupted and ends', async () => {
    const { page, faults } = await opened(stage().url)
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
    expect(await page.textContent('#error')).toContain(`VAI_CORS_ORIGINS=${stage().example}`)
    await page.fill('#address', stage().url)
    await page.click('#start')
    await page.waitForSelector('#session:not([hidden])')
    expect(await page.isVisible('#error')).toBe(false)
    await page.click('#end')
    await page.waitForSelector('#settings:not([hidden])')
    // Nor does whoever only types have anything to mute, or have to do something before the page says how it stands.
    await page.uncheck('#listens')
    await page.click('#start')
    await page.waitForSelector('[data-state=idle]')
    expect(await page.isVisible('#mute')).toBe(false)
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
      ].map(async (path) => (await fetch(`${stage().example}${path}`)).status),
    )
    expect(statuses).toEqual([200, 200, 200, 404, 404, 404, 404])
  })
}
