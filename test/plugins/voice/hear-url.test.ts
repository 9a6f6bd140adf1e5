import { afterEach, describe, expect, it } from 'vitest'
import { publicDialer } from '../../../plugins/egress/dialer.ts'
import { fetchPublic } from '../../../plugins/egress/fetch.ts'
import type { Heard } from '../../../plugins/voice/hear.ts'
import { demoSpeech } from '../../../providers/demo/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { type Behaviour, endless, htmlPage, redirect, reply, silence } from '../../upstreams/behaviour.ts'
import { closeAll, closedAfterwards, failureOf, listen, second, vendor } from './hear-stage.ts'
import { type ListeningOptions, planOf } from './listening.ts'
import { inOrder, urlBlock } from './sounds.ts'

afterEach(closeAll)

describe('sound behind a URL', () => {
  async function heardFrom(behaviour: Behaviour, limits: ListeningOptions['limits'] = {}): Promise<Heard> {
    const site = await vendor(behaviour)
    const { hear, caller } = listen({ limits })
    return await hear(planOf(demoSpeech, [urlBlock(`${site.url}/sound.mp3`)]), caller)
  }

  it('is fetched and told by its bytes', async () => {
    const heard = await heardFrom(reply(second, { headers: { 'content-type': 'text/plain' } }))
    expect(heard.transcripts[0]).toMatchObject({ text: 'Speech of 1.0 seconds.', seconds: 1 })
  })

  it.each<[string, Behaviour, object, string]>([
    ['is not there', htmlPage(404), { status: 502, code: 'fetch_failed' }, 'The URL was answered with HTTP 404.'],
    ['is a page', htmlPage(200), { status: 400, code: 'not_audio' }, 'looks like an HTML page'],
    ['is empty', reply(''), { status: 400, code: 'empty' }, 'holds no sound'],
    ['has no end', endless('0123456789'), { status: 502, code: 'fetch_failed' }, 'larger than 100000 bytes'],
    ['goes around in a circle', redirect('/again'), { status: 502, code: 'fetch_failed' }, 'redirects too often'],
  ])('is told of with its block where it %s', async (_, behaviour, expected, message) => {
    const error = await failureOf(heardFrom(behaviour, { blockBytes: 100_000 }))
    expect(error).toMatchObject({ ...expected, param: 'messages[0].content[0]' })
    expect(error.message).toMatch(/^messages\[0\]\.content\[0\]: /)
    expect(error.message).toContain(message)
  })

  it('is not fetched from where it is not public', async () => {
    const site = await vendor(reply(second))
    const dialer = publicDialer({ connectMs: 5000 })
    closedAfterwards({ close: () => dialer.destroy() })
    const { hear, caller } = listen({ fetchPublic: (url, how) => fetchPublic(dialer, new ManualClock(), url, how) })
    const error = await failureOf(hear(planOf(demoSpeech, [urlBlock(site.url)]), caller))
    expect(error).toMatchObject({ status: 403, code: 'address_not_allowed', param: 'messages[0].content[0]' })
    expect(site.requests).toHaveLength(0)
  })

  it('is no more in all than the largest blocks that are fetched at a time', async () => {
    const site = await vendor(reply(second))
    const { hear, caller } = listen({ limits: { parallel: 2, blockBytes: second.length } })
    const blocks = inOrder([1, 2, 3].map(() => urlBlock(site.url)))
    const error = await failureOf(hear(planOf(demoSpeech, blocks), caller))
    expect(error).toMatchObject({ status: 400, code: 'too_large', param: 'messages[0].content[2]' })
  })

  it('is not fetched for longer than it may take', async () => {
    const site = await vendor(silence)
    const clock = new ManualClock()
    const plain = listen({ clock, limits: { ms: 5000 } })
    const failed = failureOf(plain.hear(planOf(demoSpeech, [urlBlock(site.url)]), plain.caller))
    await site.waitForRequest()
    clock.advance(5000)
    expect(await failed).toMatchObject({ status: 504, code: 'fetch_timeout', param: 'messages[0].content[0]' })
  })
})
