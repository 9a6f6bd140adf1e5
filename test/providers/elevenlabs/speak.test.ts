import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import { Secret } from '../../../api/secret.ts'
import { speak } from '../../../providers/elevenlabs/speak.ts'
import { flush, type TtsEvent, type TtsOptions } from '../../../providers/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each, type TestCall } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { type ElevenLabsOptions, startElevenLabs } from '../../upstreams/elevenlabs.ts'
import type { ElevenLabsSocketOptions } from '../../upstreams/elevenlabs-socket.ts'
import { msPerCharacter } from '../../upstreams/elevenlabs-sound.ts'
import type { SocketConnection } from '../../upstreams/sockets.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { Gate } from '../lines/gate.ts'
import { callTo, failureOf, gatewayErrorOf, Manuscript, pcm, soundIn, timesIn } from './speaking.ts'

const open: (Upstream | TestCall)[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function start(options: ElevenLabsOptions = {}, changes: Parameters<typeof callTo>[2] = {}, model?: string) {
  const upstream = await startElevenLabs(options)
  const call = callTo(upstream.url, model, changes)
  open.push(upstream, call)
  return { upstream, ...call }
}

function disturbed(disturb: NonNullable<ElevenLabsSocketOptions['disturb']>): ElevenLabsOptions {
  return { socket: { disturb } }
}

/** What has come to the vendor, without the voice's texts where they are of no interest. */
function said(connection: SocketConnection | undefined): object[] {
  return (connection?.received ?? []).map((message) => JSON.parse(String(message)))
}

const closing = { context_id: 'speech', close_context: true }
const bytesOf = (text: string): number => text.length * msPerCharacter * 48

describe('a text that is being written', () => {
  it('has the word flush in it like any other', async () => {
    const { upstream, call } = await start()
    const events = await collected(speak(each(['Never ', 'flush', ' it. ']), pcm, call))
    expect(soundIn(events)).toHaveLength(bytesOf(' Never flush it. '))
    expect(said(upstream.sockets[0])).toContainEqual({ text: 'flush it. ', context_id: 'speech' })
  })

  it('is spoken in one context, by whole words', async () => {
    const { upstream, call } = await start()
    const options = { ...pcm, speed: 1.1, language: 'en', alignment: true }
    const events = await collected(speak(each(['Hel', 'lo wor', 'ld. ', flush, 'How are', ' you?']), options, call))
    expect(said(upstream.sockets[0])).toEqual([
      { text: ' ', context_id: 'speech', voice_settings: { speed: 1.1 } },
      { text: 'Hello ', context_id: 'speech' },
      { text: 'world. ', context_id: 'speech' },
      { context_id: 'speech', flush: true },
      { text: 'How ', context_id: 'speech' },
      { text: 'are ', context_id: 'speech' },
      { text: 'you? ', context_id: 'speech', flush: true },
      closing,
    ])
    expect(Object.fromEntries(upstream.sockets[0]?.opening.query ?? [])).toEqual({
      model_id: 'eleven_flash_v2_5',
      output_format: 'pcm_24000',
      language_code: 'en',
      inactivity_timeout: '60',
      sync_alignment: 'true',
    })
    expect(soundIn(events).length).toBe(bytesOf(' Hello world. How are you? '))
    expect(events.at(-1)).toEqual({ type: 'done' })
    await upstream.waitForConnections(0)
  })

  it.each(['piece', 'context'] as const)('has its times beside it, counted from the %s', async (times) => {
    const { call } = await start({ socket: { times } })
    const text = 'It is said that the fox, once it has jumped over the dog, rests. '
    const stretches = timesIn(await collected(speak(each([text, flush, 'Then it sleeps. ']), { ...pcm, alignment: true }, call)))
    const tokens = stretches.flatMap(({ tokens }) => tokens)
    expect(tokens.join('')).toBe(`${text}Then it sleeps. `)
    expect(stretches.flatMap(({ startMs }) => startMs)).toEqual(tokens.map((_, at) => (at + 1) * msPerCharacter))
  })

  it('is spoken as far as it was flushed before it goes on', async () => {
    const { call } = await start()
    const manuscript = new Manuscript()
    const events = speak(manuscript, pcm, call)
    manuscript.write('Hello there. ', flush)
    const first = await events.next()
    expect(first.value).toMatchObject({ type: 'audio' })
    manuscript.write('Good-bye. ')
    manuscript.end()
    const rest = await collected(events)
    expect(soundIn([first.value as TtsEvent, ...rest]).length).toBe(bytesOf(' Hello there. Good-bye. '))
  })

  it('is one of many, each on a socket of its own', async () => {
    const { upstream } = await start()
    const texts = Array.from({ length: 50 }, (_, index) => `This is text ${index}. `)
    const spoken = await Promise.all(
      texts.map((text) => {
        const call = callTo(upstream.url)
        open.push(call)
        return collected(speak(each([text]), pcm, call.call))
      }),
    )
    expect(spoken.map((events) => soundIn(events).length)).toEqual(texts.map((text) => bytesOf(` ${text}`)))
    await upstream.waitForConnections(0)
  })

  it('comes as µ-law, MP3 and Opus as well', async () => {
    const { call } = await start()
    const formats: TtsOptions['format'][] = [{ encoding: 'mulaw', rate: 8000 }, { encoding: 'mp3' }, { encoding: 'opus' }]
    for (const format of formats) {
      expect((await collected(speak(each(['Hello. ']), { ...pcm, format }, call))).at(-1)).toEqual({ type: 'done' })
    }
  })

  it.each([[[]], [['', ' ', flush]], [[flush, '… ', flush, '!']]])('of nothing to say is no sound: %j', async (pieces) => {
    const { upstream, call } = await start()
    expect(await collected(speak(each(pieces), pcm, call))).toEqual([{ type: 'done' }])
    expect(said(upstream.sockets[0]).filter((message) => 'flush' in message)).toEqual([])
    await upstream.waitForConnections(0)
  })

  it('is not for a model that takes whole texts', async () => {
    const { upstream, call } = await start({}, {}, 'eleven_v3')
    expect((await gatewayErrorOf(speak(each(['Hello. ']), pcm, call))).code).toBe('unsupported_parameter')
    expect(upstream.connections).toBe(0)
  })
})

describe('the context', () => {
  it('is not closed before its text is being spoken, which would be silence', async () => {
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const { upstream, call } = await start({ hold: () => begun })
    const events = collected(speak(each(['Right. ']), pcm, call))
    const socket = await upstream.waitForSocket()
    await until(() => said(socket).some((message) => 'flush' in message))
    expect(said(socket)).not.toContainEqual(closing)
    begin()
    expect(soundIn(await events).length).toBe(bytesOf(' Right. '))
  })

  it('is not closed by the sound of an earlier flush that is late', async () => {
    const gates = [new Gate(), new Gate()]
    let generations = 0
    const { upstream, call } = await start({ hold: () => gates[generations++]?.wait() ?? Promise.resolve() })
    const events = speak(each(['One is here. ', flush, 'Two is there. ']), pcm, call)
    const first = events.next()
    const socket = await upstream.waitForSocket()
    await until(() => said(socket).filter((message) => 'flush' in message).length === 2)
    gates[0]?.open()
    const early = await first
    // Whatever is said to that has come by then: both sides are of one process.
    for (let turn = 0; turn < 50; turn++) await setImmediate()
    expect(said(socket)).not.toContainEqual(closing)
    gates[1]?.open()
    expect(soundIn([...(early.done ? [] : [early.value]), ...(await collected(events))]).length).toBe(
      bytesOf(' One is here. Two is there. '),
    )
  })

  it('is closed after a while where the last flush had nothing left to speak', async () => {
    const clock = new ManualClock()
    const { upstream, call } = await start({ socket: { schedule: 5, clock } }, { clock })
    const manuscript = new Manuscript()
    const events = speak(manuscript, pcm, call)
    manuscript.write('Hello there. ')
    expect((await events.next()).value).toMatchObject({ type: 'audio' })
    const rest = collected(events)
    manuscript.end()
    await until(() => said(upstream.sockets[0]).some((message) => 'flush' in message))
    clock.advance(2000)
    expect((await rest).at(-1)).toEqual({ type: 'done' })
  })

  it('is kept alive while the text pauses, and only then', async () => {
    const clock = new ManualClock()
    const { upstream, call } = await start({ socket: { clock } }, { clock })
    const manuscript = new Manuscript()
    const events = collected(speak(manuscript, pcm, call))
    const socket = await upstream.waitForSocket()
    await until(() => socket.received.length === 1)
    for (let pause = 1; pause <= 5; pause++) {
      clock.advance(20_000)
      await until(() => socket.received.length === 1 + pause)
    }
    expect(said(socket).slice(1)).toEqual(Array.from({ length: 5 }, () => ({ text: '', context_id: 'speech' })))
    manuscript.write('At last. ')
    manuscript.end()
    expect((await events).at(-1)).toEqual({ type: 'done' })
    await upstream.waitForConnections(0)
    await until(() => clock.waiting === 0)
  })

  it('hears nothing of others', async () => {
    const { call } = await start(
      disturbed((connection, piece) => {
        if (piece === 0) connection.json({ audio: Buffer.alloc(4800).toString('base64'), contextId: 'another' })
        if (piece === 0) connection.json({ isFinal: true, contextId: 'another' })
        connection.json({ type: 'flush_done', contextId: 'speech' })
        return false
      }),
    )
    expect(soundIn(await collected(speak(each(['Hello. ']), pcm, call))).length).toBe(bytesOf(' Hello. '))
  })
})

describe('leaving', () => {
  it('closes the context and the socket, and the text is told', async () => {
    const { upstream, call } = await start()
    const manuscript = new Manuscript()
    manuscript.write('Hello there. ', flush)
    for await (const event of speak(manuscript, pcm, call)) if (event.type === 'audio') break
    const socket = await upstream.waitForSocketClose()
    expect(said(socket).at(-1)).toEqual(closing)
    expect(manuscript.isLeft).toBe(true)
  })

  it('by the signal ends it with its reason', async () => {
    const { upstream, call, abort } = await start({ hold: () => new Promise(() => undefined) })
    const manuscript = new Manuscript()
    manuscript.write('Hello there. ', flush)
    const failure = failureOf(speak(manuscript, pcm, call))
    await upstream.waitForSocket()
    abort()
    expect(await failure).toEqual(new Error('the caller left'))
    await upstream.waitForSocketClose()
    expect(manuscript.isLeft).toBe(true)
  })

  it('before it began opens nothing', async () => {
    const { upstream, call, abort } = await start()
    abort()
    expect(await failureOf(speak(each(['Hello. ']), pcm, call))).toEqual(new Error('the caller left'))
    expect(upstream.connections).toBe(0)
  })

  it('is what a text does that breaks off', async () => {
    const { upstream, call } = await start()
    const manuscript = new Manuscript()
    manuscript.write('Hello there. ')
    manuscript.fail(new Error('the model broke off'))
    expect(await failureOf(speak(manuscript, pcm, call))).toEqual(new Error('the model broke off'))
    await upstream.waitForConnections(0)
  })

  it('is not what a slow listener does', async () => {
    const clock = new ManualClock()
    const { call } = await start({ socket: { clock } }, { clock })
    const events: TtsEvent[] = []
    for await (const event of speak(each(['Hello there, whoever you are, and wherever. ', flush, 'Bye. ']), pcm, call)) {
      events.push(event)
      clock.advance(10_000)
    }
    expect(soundIn(events).length).toBe(bytesOf(' Hello there, whoever you are, and wherever. Bye. '))
  })
})

describe('a vendor who fails', () => {
  it.each<[what: string, disturb: NonNullable<ElevenLabsSocketOptions['disturb']>, code: string]>([
    [
      'has too many contexts',
      (connection) =>
        refuse(connection, 'max_active_conversations', 'Maximum simultaneous contexts per WebSocket connection exceeded (5).'),
      'provider_rate_limit',
    ],
    [
      'has no credits left',
      (connection) => refuse(connection, 'quota_exceeded', 'This request exceeds your quota.'),
      'provider_quota',
    ],
    [
      'closes with words alone',
      (connection) => close(connection, 1008, 'Maximum simultaneous contexts per WebSocket connection exceeded (5).'),
      'provider_rate_limit',
    ],
    [
      'closes with others',
      (connection) => close(connection, 1008, 'This request exceeds your quota of 10000.'),
      'provider_quota',
    ],
    ['closes with words that mean nothing', (connection) => close(connection, 1008, 'Policy violation'), 'provider_rejected'],
    ['closes for a fault', (connection) => close(connection, 1011, ''), 'provider_error'],
    ['closes as if all were said', (connection) => close(connection, 1000, ''), 'provider_disconnected'],
    ['breaks off', (connection) => drop(connection), 'provider_disconnected'],
    [
      'reports more than anybody reads',
      (connection) => send(connection, JSON.stringify({ error: 'x', message: 'y'.repeat(70_000) })),
      'provider_error',
    ],
    ['sends no JSON', (connection) => send(connection, '<html>'), 'provider_protocol'],
    ['sends bytes', (connection) => send(connection, new Uint8Array(10)), 'provider_protocol'],
    ['sends bad Base64', (connection) => send(connection, '{"audio":"?","contextId":"speech"}'), 'provider_protocol'],
    [
      'sends times that are none',
      (connection) => send(connection, '{"alignment":{"chars":["a"]},"contextId":"speech"}'),
      'provider_protocol',
    ],
    ['says nothing', (connection) => send(connection, '{"isFinal":true,"contextId":"speech"}'), 'provider_protocol'],
    [
      'ends within a sample',
      (connection) => send(connection, '{"audio":"AAAA","isFinal":true,"contextId":"speech"}'),
      'provider_protocol',
    ],
    [
      'sends JSON for sound',
      (connection) =>
        send(connection, JSON.stringify({ audio: Buffer.from('{"error": "no voice"}').toString('base64'), contextId: 'speech' })),
      'provider_protocol',
    ],
    ['sends far too much', (connection) => flood(connection), 'provider_protocol'],
  ])('%s', async (_, disturb, code) => {
    const { upstream, call } = await start(disturbed(disturb))
    expect((await gatewayErrorOf(speak(each(['Hello. ']), pcm, call))).code).toBe(code)
    await upstream.waitForConnections(0)
  })

  it('ends before the text does', async () => {
    const { call } = await start(
      disturbed((connection) => send(connection, '{"audio":"AAA=","isFinal":true,"contextId":"speech"}')),
    )
    const manuscript = new Manuscript()
    manuscript.write('Hello. ', flush)
    expect((await gatewayErrorOf(speak(manuscript, pcm, call))).code).toBe('provider_disconnected')
  })

  it.each<[what: string, ElevenLabsOptions]>([
    ['before the first sound', { hold: () => new Promise(() => undefined) }],
    [
      'before the end',
      { socket: { disturb: (connection) => send(connection, '{"audio":"AAA=","contextId":"speech"}'), isEndless: true } },
    ],
  ])('falls silent %s', async (_, options) => {
    const { upstream, call } = await start(options, { timeouts: { firstByteMs: 300, idleMs: 100 } })
    expect((await gatewayErrorOf(speak(each(['Hello. ']), pcm, call))).code).toBe('provider_timeout')
    await upstream.waitForConnections(0)
  })

  it('falls silent while it is being listened to with all patience', async () => {
    const { upstream, call } = await start(
      { hold: () => new Promise(() => undefined) },
      { timeouts: { firstByteMs: 300, idleMs: 100 } },
    )
    const manuscript = new Manuscript()
    const failure = gatewayErrorOf(speak(manuscript, pcm, call))
    const socket = await upstream.waitForSocket()
    manuscript.write('Hello. ')
    await until(() => socket.received.length === 2)
    manuscript.write(flush)
    expect((await failure).code).toBe('provider_timeout')
  })

  it.each<[what: string, options: TtsOptions, changes: Parameters<typeof callTo>[2], model: string | undefined, code: string]>([
    ['knows no such key', pcm, { apiKey: new Secret('sk-test-wrong') }, undefined, 'provider_authentication'],
    ['knows no such voice', { ...pcm, voice: '00000000000000000000' }, {}, undefined, 'provider_not_found'],
    ['knows no such model', pcm, {}, 'eleven_v9', 'provider_not_found'],
  ])('%s', async (_, options, changes, model, code) => {
    const { call } = await start({}, changes, model)
    const error = await failureOf(speak(each(['Hello. ']), options, call))
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code })
  })
})

function refuse(connection: SocketConnection, error: string, message: string): true {
  connection.json({ message, error, code: 1008 })
  return close(connection, 1008, message)
}

function close(connection: SocketConnection, code: number, reason: string): true {
  connection.close(code, reason)
  return true
}

function drop(connection: SocketConnection): true {
  connection.drop()
  return true
}

function send(connection: SocketConnection, message: string | Uint8Array): true {
  connection.send(message)
  return true
}

function flood(connection: SocketConnection): true {
  const audio = Buffer.alloc(1_000_000, 1).toString('base64')
  for (let count = 0; count < 6; count++) connection.json({ audio, contextId: 'speech' })
  return true
}
