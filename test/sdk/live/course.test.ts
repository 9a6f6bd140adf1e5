import { getEventListeners } from 'node:events'
import { AbortedError, ConnectionTimeoutError, type LiveConnectOptions, UnexpectedResponseError, UsageError, VAI } from '@vai/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dialWith } from '../../../cli/live/dial.ts'
import { connectLive } from '../../../sdk/typescript/live/session.ts'
import { until } from '../../until.ts'
import { clockOf } from './clock.ts'
import { InstantPlayer, ToldMicrophone } from './instruments.ts'
import { closed, cut, dial, eventsOf, next, SessionStage, sessionEnd, usage } from './stage.ts'

/** How sessions begin and end, in every way, and what is left of them. */
let stage: SessionStage
beforeEach(async () => {
  stage = await SessionStage.start()
})
afterEach(() => stage.close())

describe('a session that is aborted', () => {
  const instruments = () => ({ player: new InstantPlayer(), microphone: new ToldMicrophone() })

  it('before it was asked for opens nothing', async () => {
    const { player, microphone } = instruments()
    const signal = AbortSignal.abort('enough')
    const error = await stage.connecting({ signal, player, microphone }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AbortedError)
    expect(error).toMatchObject({ cause: 'enough' })
    expect([player.orders, microphone.orders, stage.clock.waiting]).toEqual([['close'], ['stop'], 0])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('before the gateway has answered is closed', async () => {
    const controller = new AbortController()
    const { player, microphone } = instruments()
    const refused = stage.connecting({ signal: controller.signal, player, microphone }).catch((reason: unknown) => reason)
    const line = await stage.gateway.next()
    controller.abort()
    expect(await refused).toBeInstanceOf(AbortedError)
    await closed(line)
    expect([player.orders, microphone.orders]).toEqual([['close'], ['stop']])
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('while it is open ends, and so do those who iterate', async () => {
    const controller = new AbortController()
    const { player, microphone } = instruments()
    const { session, line } = await stage.opened({ signal: controller.signal, player, microphone })
    const reading = eventsOf(session).catch((reason: unknown) => reason)
    controller.abort(new Error('enough'))
    expect(await reading).toBeInstanceOf(AbortedError)
    expect(await session.ended).toMatchObject({ type: 'broken', error: { name: 'AbortedError', cause: { message: 'enough' } } })
    await closed(line)
    await until(() => stage.clock.waiting === 0)
    expect(player.orders.at(-1)).toBe('close')
    expect(microphone.orders.at(-1)).toBe('stop')
    expect(session.say('Hello?')).toBe(false)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('while it has no line tries no more', async () => {
    const controller = new AbortController()
    const { session, line } = await stage.opened({ signal: controller.signal })
    await cut({ session, line })
    expect(stage.clock.waiting).toBe(1)
    controller.abort()
    expect(await session.ended).toMatchObject({ type: 'broken', error: { name: 'AbortedError' } })
    expect(stage.clock.waiting).toBe(0)
  })

  it('when it has ended already is as it was', async () => {
    const controller = new AbortController()
    const { session, line } = await stage.opened({ signal: controller.signal })
    line.send(sessionEnd(2))
    line.socket.close(1000)
    expect(await session.ended).toMatchObject({ type: 'ended' })
    controller.abort()
    expect(await session.ended).toMatchObject({ type: 'ended' })
  })
})

describe('the end', () => {
  it('may be asked for twice, and before and after it was broken off', async () => {
    const player = new InstantPlayer()
    const { session, line } = await stage.opened({ player })
    const ends = [session.end(), session.end()]
    expect(await line.receive()).toEqual({ type: 'control', op: 'end_session' })
    session.close()
    session.close()
    expect(await Promise.all([...ends, session.end(), session.ended])).toEqual(
      Array(4).fill({ type: 'broken', why: 'it was broken off here' }),
    )
    await closed(line)
    await until(() => stage.clock.waiting === 0)
    expect(player.orders.filter((order) => order === 'close')).toHaveLength(1)
  })

  it('is not waited for where the gateway does not answer', async () => {
    const { session, line } = await stage.opened()
    const end = session.end()
    expect(await line.receive()).toMatchObject({ op: 'end_session' })
    stage.clock.advance(3000)
    expect(await end).toMatchObject({ type: 'broken' })
  })

  it('is the end where the gateway does not close the socket', async () => {
    const { session, line } = await stage.opened()
    const told = next(session, 'session_end')
    line.send(sessionEnd(2))
    await told
    stage.clock.advance(1000)
    expect(await session.ended).toMatchObject({ type: 'ended', reason: 'end_session', usage })
    expect(stage.clock.waiting).toBe(0)
  })

  it('comes at once where there is no line', async () => {
    const { session, line } = await stage.opened()
    await cut({ session, line })
    expect(await session.end()).toMatchObject({ type: 'broken' })
    expect(stage.clock.waiting).toBe(0)
  })

  it('does not wait for ever for what plays and records', async () => {
    class Stuck extends InstantPlayer {
      override close(): Promise<void> {
        return new Promise(() => undefined)
      }
    }
    class Failing extends ToldMicrophone {
      override stop(): Promise<void> {
        throw new Error('it is gone')
      }
    }
    const { session, line } = await stage.opened({ player: new Stuck(), microphone: new Failing() })
    session.close()
    await closed(line)
    stage.clock.advance(5000)
    expect(await session.ended).toMatchObject({ type: 'broken' })
  })
})

describe('what is prepared', () => {
  it('hears all of it, from hello on', async () => {
    const told: string[] = []
    const { session } = await stage.opened({
      prepare: (early) => {
        early.on('*', ({ type }) => void told.push(type))
        early.on('sent', ({ type }) => void told.push(`sent ${type}`))
        expect(() => early.id).toThrow(UsageError)
        expect(early.say('Too early.')).toBe(false)
      },
    })
    expect(told).toEqual(['sent hello', 'hello_ack'])
    session.close()
  })

  it('may think better of it, or fail', async () => {
    const [one, other] = [new InstantPlayer(), new InstantPlayer()]
    await expect(stage.connecting({ player: one, prepare: (early) => early.close() })).rejects.toBeInstanceOf(AbortedError)
    const fail = (): void => {
      throw new RangeError('my own fault')
    }
    await expect(stage.connecting({ player: other, prepare: fail })).rejects.toBeInstanceOf(RangeError)
    expect([one.orders, other.orders, stage.clock.waiting]).toEqual([['close'], ['close'], 0])
  })

  it('is refused here, where it cannot be said', async () => {
    const input_schema: { type: 'object'; properties: Record<string, object> } = { type: 'object', properties: {} }
    input_schema.properties.self = input_schema
    const params = { model: 'demo/echo', tools: { client_tools: [{ name: 'x', input_schema }] } }
    await expect(stage.connecting({}, params)).rejects.toBeInstanceOf(UsageError)
  })
})

describe('a session that is asked for', () => {
  const typo = { plyer: new InstantPlayer() }
  it.each<[string, LiveConnectOptions, string]>([
    ['an option that there is not', { ...typo }, 'The options of the live session have no `plyer`'],
    ['no player', JSON.parse('{"player":{}}'), 'The option `player` has no method `open`'],
    ['no signal', JSON.parse('{"signal":true}'), 'The option `signal` is no AbortSignal'],
    ['no time', { timeout: Number.NaN }, 'The option `timeout` is no number'],
    ['no options', JSON.parse('null'), 'The options of the live session are no object'],
  ])('with %s is a misuse', async (_, options, message) => {
    const microphone = new ToldMicrophone()
    const given = options && { ...options, microphone }
    const error = await stage.connecting(given).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain(message)
    expect(microphone.orders).toEqual(options ? ['stop'] : [])
  })

  it.each(['undefined', 'null', '"demo/echo"', '[]'])('as %s is a misuse, and gives up what records', async (text) => {
    const microphone = new ToldMicrophone()
    const params = text === 'undefined' ? undefined : JSON.parse(text)
    const connect: (...given: unknown[]) => Promise<unknown> = (...given) =>
      Reflect.apply(new VAI().live.connect, new VAI({ dial }).live, given)
    const error = await connect(params, { microphone }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UsageError)
    expect(String(error)).toContain('live.connect({ model')
    expect(microphone.orders).toEqual(['stop'])
  })

  it('with options that are undefined is as without', async () => {
    const { session } = await stage.opened({ player: undefined, signal: undefined, timeout: undefined, prepare: undefined })
    session.close()
  })

  it.each([
    ['ten seconds', undefined, 600_000, 10_000],
    ['as long as its client waits', undefined, 2000, 2000],
    ['ten seconds where its client waits for ever', undefined, 0, 10_000],
    ['as long as it is asked to', 30_000, 2000, 30_000],
    ['for ever where it is asked to', 0, 2000, 2 ** 31 - 1],
  ])('waits %s', async (_, own, clients, ms) => {
    const { clock, gateway } = stage
    const context = { baseURL: gateway.baseURL, dial, providerKeys: {}, timeout: clients }
    const refused = connectLive({ model: 'demo/echo' }, { timeout: own }, context, clockOf(clock)).catch(
      (reason: unknown) => reason,
    )
    await gateway.next()
    expect(clock.nextInMs).toBe(ms)
    clock.advance(ms)
    expect(await refused).toBeInstanceOf(ConnectionTimeoutError)
    expect(clock.waiting).toBe(0)
  })

  it('tells nothing of its keys that whoever refuses it repeats', async () => {
    const [apiKey, openai] = ['vai_sk_test_in_a_header', 'sk-test-brought-key']
    stage.gateway.refuse(404, `<html>${apiKey} ${openai}`)
    const { baseURL } = stage.gateway
    const vai = new VAI({ baseURL, apiKey, providerKeys: { openai }, dial: dialWith(apiKey) })
    const error = await vai.live.connect({ model: 'demo/echo' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UnexpectedResponseError)
    expect(error).toMatchObject({ status: 404, body: '<html>… …' })
  })
})
