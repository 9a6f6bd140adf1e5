import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { demoSpeech } from '../../../providers/demo/speech.ts'
import { missing, titled } from '../../programs.ts'
import { json } from '../../upstreams/behaviour.ts'
import { blocksOf, closeAll, ear, gate, listen, said, second, vendor } from './hear-stage.ts'
import { planOf } from './listening.ts'
import { blockOf } from './sounds.ts'

afterEach(closeAll)

describe('blocks that are heard', () => {
  it('give their transcripts in order, with all that is known', async () => {
    const upstream = await vendor(async ({ bytes }) => json({ text: ` ${bytes.length} `, language: 'en', seconds: bytes.length }))
    const { hear, caller, measured, told } = listen({ url: upstream.url })
    const blocks = blocksOf(100, 200, 300)
    const heard = await hear(planOf(ear, blocks, ['Ada']), caller)
    expect(heard.transcripts).toEqual(
      [244, 444, 644].map((bytes, index) => {
        const param = `messages[0].content[${index}]`
        return { param, text: String(bytes), model: 'ear/sharp', language: 'en', seconds: bytes }
      }),
    )
    expect(heard.seconds).toBe(244 + 444 + 644)
    expect(measured.map(([outcome]) => outcome)).toEqual(['ok', 'ok', 'ok'])
    expect(told).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })

  it('are asked with their language and the hints', async () => {
    const upstream = await vendor(said('hello'))
    const { hear, caller } = listen({ url: upstream.url })
    const heard = await hear(planOf(ear, [blockOf(second, 'audio/mpeg', { language: 'de' })], ['Ada', 'Grace']), caller)
    const request = await upstream.waitForRequest()
    expect(request.path).toBe('/listen?language=de&hint=Ada&hint=Grace')
    expect(request.headers['content-type']).toBe('audio/wav')
    expect(request.bytes.equals(second)).toBe(true)
    expect(heard).toEqual({
      transcripts: [{ param: 'messages[0].content[0]', text: 'hello', model: 'ear/sharp', seconds: 1 }],
      seconds: 1,
    })
  })

  it('stay in order where the last one is heard first, and no more at a time than may be', async () => {
    const answers = [gate(), gate(), gate(), gate(), gate()]
    let [asked, most] = [0, 0]
    const upstream = await vendor(async ({ index, bytes }) => {
      most = Math.max(most, ++asked)
      await answers[index]?.opened
      asked--
      return said(String(bytes.length))
    })
    const { hear, caller } = listen({ url: upstream.url, limits: { parallel: 2 } })
    const heard = hear(planOf(ear, blocksOf(100, 200, 300, 400, 500)), caller)
    for (const next of [1, 2, 3, 4, 0]) {
      await upstream.waitForRequest(next + 1)
      answers[next]?.open()
    }
    expect((await heard).transcripts.map(({ text }) => text)).toEqual(['244', '444', '644', '844', '1044'])
    expect(most).toBe(2)
  })

  it('say nothing of what was said to the log', async () => {
    const upstream = await vendor([json({}, { status: 503 }), said('a secret word')])
    const { hear, caller, logged } = listen({ url: upstream.url })
    await hear(planOf(ear, [blockOf(second)], ['a secret name']), caller)
    expect(logged).toHaveLength(1)
    expect(logged.join()).not.toMatch(/secret|sk-test/)
  })
})

const noVoice = missing('espeak-ng')

describe.skipIf(noVoice)(titled('a voice', noVoice), () => {
  it('is heard, in a file whose header was written before its length was known', async () => {
    const { stdout } = spawnSync('espeak-ng', ['--stdout', 'The weather in Lisbon is lovely today.'])
    const { hear, caller } = listen()
    const heard = await hear(planOf(demoSpeech, [blockOf(stdout)]), caller)
    expect(heard.transcripts[0]?.text).toMatch(/^Speech of \d/)
    expect(heard.seconds).toBeGreaterThan(1)
    expect(heard.seconds).toBeLessThan(10)
  })
})
