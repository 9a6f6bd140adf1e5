import { describe, expect, it } from 'vitest'
import { Cancelled } from '../../../api/error.ts'
import { connect } from '../../../providers/deepgram/tts-line.ts'
import { collected } from '../../speech-call.ts'
import { Gate } from '../lines/gate.ts'
import { staged } from './stage.ts'

const format = { encoding: 'pcm', rate: 24_000 } as const

describe.each([
  ['Aura', 'aura-2', 'aura-2-thalia-en'],
  ['Flux', 'flux-tts', 'flux-haley-en'],
])('a line to %s', (_, model, voice) => {
  it('is given up where the vendor does not say that it has stopped: nobody knows whose sound comes', async () => {
    const gate = new Gate()
    const speak = { isStubborn: true, pace: (sent: number) => (sent === 1 ? gate.wait() : undefined) }
    const { test } = await staged(model, { speak }, { timeouts: { firstByteMs: 200, idleMs: 200 } })
    const line = await connect({ voice, format }, test.call)
    if (!line) throw new Error('there is a line')
    const controller = new AbortController()
    const first = collected(line.speak('Hello there.', { follows: false, signal: controller.signal })).catch(
      (error: unknown) => error,
    )
    await gate.reached
    controller.abort(new Cancelled())
    expect(await first).toBeInstanceOf(Cancelled)
    await line.closed
    expect(line.isOpen).toBe(false)
  })

  it('is for raw sound alone', async () => {
    const { test } = await staged(model)
    expect(connect({ voice, format: { encoding: 'mp3' } }, test.call)).toBeUndefined()
  })
})
