import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { Heard } from '../../../plugins/voice/hear.ts'
import { demoSpeech } from '../../../providers/demo/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { type Behaviour, json, silence } from '../../upstreams/behaviour.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { blocksOf, closeAll, ear, failureOf, gate, listen, said, second, vendor } from './hear-stage.ts'
import { earAt, planOf } from './listening.ts'
import { blockOf, urlBlock, wavTone } from './sounds.ts'

afterEach(closeAll)

describe('a vendor that fails', () => {
  const refusal = (status: number, headers = {}): Behaviour => json({ error: { message: 'no sk-test-ear' } }, { status, headers })

  it.each([
    [401, 401, 'provider_authentication'],
    [404, 404, 'provider_not_found'],
    [400, 400, 'provider_rejected'],
    [413, 413, 'provider_request_too_large'],
  ])('with %i is told with its status, and names the block', async (answered, status, code) => {
    const upstream = await vendor(refusal(answered))
    const { hear, caller, measured, told } = listen({ url: upstream.url })
    const error = await failureOf(hear(planOf(ear, [blockOf(second)]), caller))
    expect(error).toMatchObject({
      status,
      code,
      param: 'messages[0].content[0]',
      providerError: { provider: 'ear', status: answered },
    })
    expect(error.message).toMatch(/^messages\[0\]\.content\[0\]: Ear: no /)
    expect(JSON.stringify(error.toBody('req_test'))).not.toContain('sk-test-ear')
    expect(upstream.requests).toHaveLength(1)
    expect([measured, told]).toEqual([[[code, undefined]], [code]])
  })

  it('is asked once more where that may help', async () => {
    const upstream = await vendor([refusal(503), said('hello')])
    const { hear, caller, measured, told } = listen({ url: upstream.url })
    const { transcripts } = await hear(planOf(ear, [blockOf(second)]), caller)
    expect(transcripts[0]?.text).toBe('hello')
    expect(measured).toEqual([
      ['provider_overloaded', undefined],
      ['ok', 1],
    ])
    expect(told).toEqual(['provider_overloaded', 'succeeded'])
  })

  it('is asked once more and no more', async () => {
    const upstream = await vendor(refusal(503))
    const { hear, caller } = listen({ url: upstream.url })
    expect(await failureOf(hear(planOf(ear, [blockOf(second)]), caller))).toMatchObject({
      status: 529,
      code: 'provider_overloaded',
    })
    expect(upstream.requests).toHaveLength(2)
  })

  it('is asked again when it says, unless that is too late', async () => {
    const soon = await vendor([refusal(429, { 'retry-after-ms': '5' }), said('hello')])
    await startHearing(soon)
    expect(soon.requests).toHaveLength(2)
    const late = await vendor([refusal(429, { 'retry-after': '3' }), said('hello')])
    expect(await failureOf(startHearing(late))).toMatchObject({ status: 429, retryAfter: 3, param: 'messages[0].content[0]' })
    expect(late.requests).toHaveLength(1)
  })

  function startHearing(upstream: Upstream): Promise<Heard> {
    const { hear, caller } = listen({ url: upstream.url })
    return hear(planOf(ear, [blockOf(second)]), caller)
  }

  it('ends the other blocks', async () => {
    const others = gate()
    const upstream = await vendor(async ({ bytes }) => {
      if (bytes.length !== 244) return silence
      await others.opened
      return refusal(401)
    })
    const { hear, caller, measured, told } = listen({ url: upstream.url, limits: { parallel: 3 } })
    const failed = failureOf(hear(planOf(ear, blocksOf(200, 300, 100, 400)), caller))
    await upstream.waitForRequest(3)
    others.open()
    expect(await failed).toMatchObject({ status: 401, param: 'messages[0].content[2]' })
    await upstream.waitForClose(2)
    expect(upstream.requests).toHaveLength(3)
    expect(measured.map(([outcome]) => outcome)).toEqual(['provider_authentication', 'cancelled', 'cancelled'])
    // They say nothing of the vendor.
    expect(told).toEqual(['provider_authentication', 'Error', 'Error'])
  })

  it('is left alone where the breaker says so, and has failed for its own reason where it says so late', async () => {
    const refuse = (): never => {
      throw new GatewayError('provider_unavailable')
    }
    const refused = listen({ calls: { enter: refuse } })
    const error = await failureOf(refused.hear(planOf(ear, [blockOf(second)]), refused.caller))
    expect(error).toMatchObject({ status: 503, code: 'provider_unavailable', param: 'messages[0].content[0]' })
    expect(refused.measured).toEqual([])

    const upstream = await vendor(refusal(503))
    let entered = 0
    const enter = () => (entered++ === 0 ? { succeeded: () => undefined, failed: () => undefined } : refuse())
    const late = listen({ url: upstream.url, calls: { enter } })
    expect((await failureOf(late.hear(planOf(ear, [blockOf(second)]), late.caller))).code).toBe('provider_overloaded')
  })

  it('has no key', async () => {
    const to = (): never => {
      throw new GatewayError('missing_provider_key', { param: 'x-provider-key-ear' })
    }
    const { hear, caller, told } = listen({ calls: { to } })
    const error = await failureOf(hear(planOf(ear, [blockOf(second)]), caller))
    expect(error).toMatchObject({ status: 401, code: 'missing_provider_key', param: 'x-provider-key-ear' })
    expect(error.message).toMatch(/^messages\[0\]\.content\[0\]: /)
    expect(told).toEqual([])
  })

  it('keeps its own code and its status', async () => {
    const { hear, caller } = listen()
    const error = await failureOf(hear(planOf(demoSpeech, [blockOf(second)], ['Ada']), caller))
    expect(error).toMatchObject({ status: 400, code: 'unsupported_hints', param: 'messages[0].content[0]' })
  })

  it('does not answer in time', async () => {
    const upstream = await vendor(silence)
    const clock = new ManualClock()
    const { hear, caller, measured, told } = listen({ url: upstream.url, clock, limits: { ms: 20_000 } })
    const failed = failureOf(hear(planOf(ear, [blockOf(second)]), caller))
    await upstream.waitForRequest()
    clock.advance(20_000)
    const error = await failed
    expect(error).toMatchObject({ status: 504, code: 'provider_timeout', param: 'messages[0].content[0]' })
    expect(error.message).toContain('Ear has not heard the sound within 20 seconds.')
    await upstream.waitForClose()
    expect(upstream.requests).toHaveLength(1)
    expect([measured, told]).toEqual([[['provider_timeout', undefined]], ['provider_timeout']])
    expect(clock.waiting).toBe(0)
  })
})

describe('a caller who leaves', () => {
  it('ends all at once', async () => {
    const upstream = await vendor(silence)
    const { hear, caller, measured, abort } = listen({ url: upstream.url, limits: { parallel: 2 } })
    const heard = hear(planOf(ear, blocksOf(100, 200, 300)), caller)
    await upstream.waitForRequest(2)
    abort()
    await expect(heard).rejects.toBeInstanceOf(Cancelled)
    await upstream.waitForClose(2)
    expect(upstream.requests).toHaveLength(2)
    expect(measured.map(([outcome]) => outcome)).toEqual(['cancelled', 'cancelled'])
    await expect(hear(planOf(ear, blocksOf(100)), caller)).rejects.toBeInstanceOf(Cancelled)
  })

  it('ends the wait before another try, and a fetch', async () => {
    const clock = new ManualClock()
    const upstream = await vendor([json({}, { status: 503 }), silence])
    const waiting = listen({ url: upstream.url, clock })
    const heard = waiting.hear(planOf(ear, [blockOf(second)]), waiting.caller)
    heard.catch(() => undefined)
    await expect.poll(() => waiting.logged.length).toBe(1)
    waiting.abort()
    await expect(heard).rejects.toBeInstanceOf(Cancelled)
    expect(clock.waiting).toBe(0)

    const fetching = listen({ url: upstream.url })
    const fetched = fetching.hear(planOf(ear, [urlBlock(`${upstream.url}/sound`)]), fetching.caller)
    await upstream.waitForRequest(2)
    fetching.abort()
    await expect(fetched).rejects.toBeInstanceOf(Cancelled)
    await upstream.waitForClose()
  })

  it('ends the making of a smaller file', async () => {
    const { hear, caller, abort } = listen()
    const file = wavTone(960_000, { rate: 96_000 })
    const heard = hear(planOf(earAt(['wav'], 1_500_000), [blockOf(file)]), caller)
    heard.catch(() => undefined)
    // Looking at it takes some turns, and making the smaller one a hundred.
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    abort()
    await expect(heard).rejects.toBeInstanceOf(Cancelled)
  })
})
