import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import { pageReader } from '../../../plugins/pages/read.ts'
import { openReaders } from '../../../plugins/pages/threads.ts'
import type { Page } from '../../../tools/tool.ts'
import { answer, type Talk } from '../../raw-upstream.ts'
import { until } from '../../until.ts'
import { startSite } from '../../upstreams/site.ts'

/** A site that answers nobody until it is let, and what reads from it. */
async function slowSite() {
  const answers: (() => void)[] = []
  const talk: Talk = (socket) => void answers.push(() => socket.end(answer('200 OK', ['content-type: text/plain'], 'Words.')))
  const site = await startSite(talk)
  onTestFinished(() => site.close())
  const reader = pageReader(site.fetch, openReaders(systemClock))
  const options = { maxBytes: 1000, maxCharacters: 1000, check: () => undefined }
  const read = (who: string, signal = new AbortController().signal): Promise<Page> =>
    reader(`${site.url}/`, options, { who, signal, timeoutMs: 30_000 })
  return { site, answers, read }
}

describe('pages that many want at once', () => {
  it('are fetched a few at a time, and nobody fills all places', async () => {
    const { site, answers, read } = await slowSite()
    const greedy = Array.from({ length: 100 }, () => read('greedy'))
    const refused = greedy.slice(72).map((reading) => expect(reading).rejects.toThrow('Too many pages are being read'))
    await Promise.all(refused)
    await until(async () => answers.length === 8)
    const other = read('other')
    await until(async () => answers.length === 9)
    answers.pop()?.()
    expect(await other).toMatchObject({ text: 'Words.' })
    expect(site.raw.exchanges).toHaveLength(9)
    const rest = Promise.all(greedy.slice(0, 72))
    for (let answered = 0; answered < 72; answered++) {
      await until(async () => answers.length > 0)
      answers.shift()?.()
    }
    expect(await rest).toHaveLength(72)
  })

  it('are not fetched at all where nobody waits for them any more', async () => {
    const { site, answers, read } = await slowSite()
    const first = Array.from({ length: 8 }, () => read('greedy'))
    const controller = new AbortController()
    const waiting = read('greedy', controller.signal)
    const reason = new Error('nobody waits')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await until(async () => answers.length === 8)
    for (const say of answers.splice(0)) say()
    await Promise.all(first)
    expect(site.raw.exchanges).toHaveLength(8)
  })
})
