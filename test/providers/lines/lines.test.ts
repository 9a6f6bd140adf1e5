import { afterEach, describe, expect, it } from 'vitest'
import { Cancelled, GatewayError } from '../../../api/error.ts'
import type { SpeakingLine, SpeechCall, TtsEvent } from '../../../providers/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { speechCall, type TestCall } from '../../speech-call.ts'
import { until } from '../../until.ts'
import type { Upstream } from '../../upstreams/upstream.ts'
import { type Desk, desks, type Pace } from './desks.ts'
import { Gate } from './gate.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

interface Connected extends TestCall {
  readonly line: SpeakingLine
  readonly upstream: Upstream
}

async function connected(desk: Desk, pace?: Pace, changes: Partial<SpeechCall> = {}): Promise<Connected> {
  const upstream = await desk.start(pace)
  const test = speechCall(upstream.url, desk.key, desk.model, changes)
  const line = await desk.provider.tts?.connect?.(desk.options, test.call)
  if (!line) throw new Error(`${desk.name} has no line`)
  open.push(upstream, test, line)
  return { ...test, line, upstream }
}

async function spoken(
  line: SpeakingLine,
  text: string,
  follows = false,
  signal = new AbortController().signal,
  heard: (event: TtsEvent) => void = () => undefined,
): Promise<TtsEvent[]> {
  const events: TtsEvent[] = []
  for await (const event of line.speak(text, { follows, signal })) {
    heard(event)
    events.push(event)
  }
  return events
}

function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event.type === 'audio' ? [event.bytes] : [])))
}

const sentences = ['It is said that the fox, once it has jumped over the dog, rests.', 'Then it sleeps.', 'And dreams of dogs!']

describe.each(desks)('a line to $name', (desk) => {
  it('speaks one text after the other on one socket, not a sample missing', async () => {
    const { line, upstream } = await connected(desk)
    for (const [index, text] of sentences.entries()) {
      const events = await spoken(line, text, index > 0)
      expect(soundIn(events).equals(desk.soundOf(text, index > 0))).toBe(true)
      expect(events.at(-1)?.type).toBe('done')
      expect(line.isOpen).toBe(true)
    }
    expect(upstream.sockets).toHaveLength(1)
  })

  it('tells times from the beginning of each text, where there are some', async () => {
    const { line } = await connected(desk)
    for (const [index, text] of sentences.entries()) {
      const events = await spoken(line, text, index > 0)
      const times = events.flatMap((event) => (event.type === 'alignment' ? [event] : []))
      if (!desk.options.alignment) expect(times).toEqual([])
      else {
        const letters = times.flatMap(({ tokens }) => tokens).join('')
        expect(letters.replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
        expect(times.flatMap(({ startMs }) => startMs)[0]).toBeLessThan(100)
      }
    }
  })

  it.each([
    ['before its sound', 0],
    ['in the middle of its sound', 1],
  ])('that is interrupted %s lets none of it into the next (pitfall 8)', async (_, piece) => {
    const gate = new Gate()
    const pace: Pace = (at) => (at === piece ? gate.wait() : undefined)
    const { line, upstream } = await connected(desk, pace)
    const controller = new AbortController()
    const first = spoken(line, sentences[0] ?? '', false, controller.signal).catch((error: unknown) => error)
    await gate.reached
    controller.abort(new Cancelled())
    expect(await first).toBeInstanceOf(Cancelled)
    expect(line.isOpen).toBe(true)
    const second = spoken(line, sentences[1] ?? '', true)
    gate.open()
    expect(soundIn(await second).equals(desk.soundOf(sentences[1] ?? '', false))).toBe(true)
    expect(soundIn(await spoken(line, sentences[2] ?? '', true)).equals(desk.soundOf(sentences[2] ?? '', true))).toBe(true)
    expect(upstream.sockets).toHaveLength(1)
  })

  it('that is left at the last of its sound speaks the next (pitfall 10)', async () => {
    const { line, upstream } = await connected(desk)
    const whole = desk.soundOf(sentences[0] ?? '', false).length
    for (let times = 0; times < 3; times++) {
      let bytes = 0
      for await (const event of line.speak(sentences[0] ?? '', { follows: false, signal: new AbortController().signal })) {
        if (event.type === 'audio') bytes += event.bytes.length
        if (bytes === whole) break
      }
      expect(bytes).toBe(whole)
    }
    expect(soundIn(await spoken(line, sentences[1] ?? '')).equals(desk.soundOf(sentences[1] ?? '', false))).toBe(true)
    expect(upstream.sockets).toHaveLength(1)
  })

  it('tells that the vendor closed it while nothing was spoken', async () => {
    const { line, upstream } = await connected(desk)
    await spoken(line, 'Hello.')
    upstream.sockets[0]?.close(1000)
    await line.closed
    expect(line.isOpen).toBe(false)
    await expect(spoken(line, 'Hello?')).rejects.toMatchObject({ code: 'provider_disconnected' })
  })

  it('throws what can be tried again where it breaks in the middle of a text', async () => {
    const gate = new Gate()
    const { line, upstream } = await connected(desk, (at) => (at === 1 ? gate.wait() : undefined))
    const text = spoken(line, sentences[0] ?? '').catch((error: unknown) => error)
    await gate.reached
    upstream.sockets[0]?.drop()
    const error = await text
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ code: 'provider_disconnected', recovery: 'again' })
    expect(line.isOpen).toBe(false)
    await line.closed
  })

  it('ends with its call at once, whatever it does', async () => {
    const gate = new Gate()
    const { line, upstream, abort } = await connected(desk, (at) => (at === 1 ? gate.wait() : undefined))
    const text = spoken(line, sentences[0] ?? '').catch((error: unknown) => error)
    await gate.reached
    abort()
    expect(await text).toMatchObject({ message: 'the caller left' })
    await line.closed
    await upstream.waitForConnections(0)
  })

  it('closes with what is being spoken', async () => {
    const gate = new Gate()
    const { line, upstream } = await connected(desk, (at) => (at === 1 ? gate.wait() : undefined))
    const text = spoken(line, sentences[0] ?? '').catch((error: unknown) => error)
    await gate.reached
    line.close()
    line.close()
    expect(await text).toMatchObject({ code: 'provider_disconnected' })
    await line.closed
    await upstream.waitForConnections(0)
  })

  it('gives up a vendor that stalls (pitfall 9)', async () => {
    const gate = new Gate()
    const clock = new ManualClock()
    const { line } = await connected(desk, (at) => (at === 1 ? gate.wait() : undefined), { clock })
    let bytes = 0
    const text = spoken(line, sentences[0] ?? '', false, undefined, (event) => {
      if (event.type === 'audio') bytes += event.bytes.length
    }).catch((error: unknown) => error)
    await gate.reached
    await until(() => bytes > 0)
    await until(() => {
      clock.advance(1000)
      return !line.isOpen
    })
    expect(await text).toMatchObject({ code: 'provider_timeout', recovery: 'again' })
    clock.advance(5000)
    await line.closed
  })

  it('owes nothing for a text that was left, however long nobody speaks', async () => {
    const gate = new Gate()
    const clock = new ManualClock()
    const { line, upstream } = await connected(desk, (at) => (at === 1 ? gate.wait() : undefined), { clock })
    const controller = new AbortController()
    const first = spoken(line, sentences[0] ?? '', false, controller.signal).catch((error: unknown) => error)
    await gate.reached
    controller.abort(new Cancelled())
    await first
    gate.open()
    // Whatever is said to the stop has come once the next text has.
    await spoken(line, 'Hello.')
    clock.advance(120_000)
    expect(line.isOpen).toBe(true)
    expect(soundIn(await spoken(line, 'Hello.')).equals(desk.soundOf('Hello.', false))).toBe(true)
    expect(upstream.sockets).toHaveLength(1)
  })
})
