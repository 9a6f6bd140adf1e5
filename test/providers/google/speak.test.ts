import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import { google } from '../../../providers/google/index.ts'
import { type Flush, flush, type SpeechCall, type TtsEvent, type TtsOptions } from '../../../providers/speech.ts'
import { ManualClock } from '../../manual-clock.ts'
import { collected, each, speechCall, type TestCall } from '../../speech-call.ts'
import { until } from '../../until.ts'
import { type GoogleScript, type GoogleTts, googleKey, refused, saidIn, startGoogleTts } from '../../upstreams/google-tts.ts'

const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const story = 'Once upon a time there was a gateway. It spoke! Nobody knew why, but 3.5 people listened. The end'

describe('a text that is still being written', () => {
  it.each([1, 2, 7, 1000])('is spoken in whole sentences by one stream, written %i characters at a time', async (size) => {
    const { server, call } = await started()
    const events = await collected(speak(each(story.match(new RegExp(`.{1,${size}}`, 'gs')) ?? []), call))
    expect(saidIn(soundIn(events), 'pcm')).toBe(story)
    expect(events.at(-1)).toEqual({ type: 'done' })
    expect(server.calls).toHaveLength(1)
    expect(server.calls[0]?.inputs).toEqual([
      'Once upon a time there was a gateway. ',
      'It spoke! ',
      'Nobody knew why, but 3.5 people listened. ',
      'The end',
    ])
  })

  it('is spoken so far as it is written at a flush, which ends nothing', async () => {
    const { server, call } = await started()
    const text = new Writer()
    const events = listen(speak(text, call))
    text.write('Half a sen')
    text.write(flush)
    await until(() => said(events.heard) === 'Half a sen')
    expect(server.calls[0]?.halfClosed).toBe(false)
    text.write('tence.')
    text.end()
    await events.over
    expect(said(events.heard)).toBe('Half a sentence.')
    expect(server.calls).toHaveLength(1)
  })

  it('has the word flush in it like any other', async () => {
    const { server, call } = await started()
    const events = await collected(speak(each(['Never ', 'flush', ' it.']), call))
    expect(said(events)).toBe('Never flush it.')
    expect(server.calls[0]?.inputs).toEqual(['Never flush it.'])
  })

  it('opens nothing before there is something to say, and nothing at all where there is none', async () => {
    const { server, call } = await started()
    expect(await collected(speak(each(['', ' \n', flush, '  ']), call))).toEqual([{ type: 'done' }])
    expect(server.calls).toEqual([])
  })

  it('is spoken by another stream where the writer paused for long, and nothing is lost or said twice', async () => {
    const clock = new ManualClock()
    const { server, call } = await started({}, { clock })
    const text = new Writer()
    const events = listen(speak(text, call))
    text.write('First. Flu')
    await until(() => said(events.heard) === 'First. ')
    clock.advance(3900)
    expect(server.calls[0]?.halfClosed).toBe(false)
    clock.advance(100)
    await until(() => server.calls[0]?.halfClosed)
    text.write('sh. Third.')
    text.end()
    await events.over
    expect(said(events.heard)).toBe('First. Flush. Third.')
    expect(server.calls.map(({ inputs }) => inputs)).toEqual([['First. '], ['Flush. ', 'Third.']])
    expect(clock.waiting).toBe(0)
  })

  it('is broken off by the server that is given nothing for too long', async () => {
    const { call } = await started({ idleMs: 30 })
    const text = new Writer()
    const events = listen(speak(text, call))
    text.write('First. And')
    await expect(events.over).rejects.toMatchObject({ code: 'provider_error', message: expect.stringContaining('long duration') })
  })

  it('is spoken a sentence at a time where the voice or the format makes no stream', async () => {
    const { server, call } = await started()
    const events = await collected(speak(each([story]), call, { format: { encoding: 'mp3' } }))
    expect(saidIn(soundIn(events), 'mp3')).toBe(story)
    const other = await collected(speak(each([story]), call, { voice: 'en-US-Wavenet-A' }))
    expect(saidIn(soundIn(other), 'pcm')).toBe(story)
    expect(new Set(server.calls.map(({ method }) => method))).toEqual(new Set(['SynthesizeSpeech']))
  })

  it('waits where the listener takes nothing, however many pauses the writer makes', async () => {
    const clock = new ManualClock()
    const { server, call } = await started({}, { clock })
    const text = new Writer()
    const events = speak(text, call)[Symbol.asyncIterator]()
    text.write('One. ').write(flush)
    const first = await events.next()
    for (const [index, word] of ['Two. ', 'Three. '].entries()) {
      clock.advance(4000)
      text.write(word).write(flush)
      await until(() => server.calls[index + 1]?.inputs.length)
    }
    clock.advance(4000)
    await until(() => server.calls[2]?.halfClosed)
    text.write('Four. ').write(flush).write('Five.').end()
    // The fourth waits for room; what comes after it is not asked for.
    await until(() => text.left === 2)
    expect(server.calls).toHaveLength(3)
    const rest = await collected({ [Symbol.asyncIterator]: () => events })
    expect(said([first.value, ...rest])).toBe('One. Two. Three. Four. Five.')
    expect(server.calls).toHaveLength(4)
  })
})

describe('a text that is not spoken to its end', () => {
  it.each<[string, Partial<TtsOptions>]>([
    ['in a stream', {}],
    ['at once', { voice: 'en-US-Standard-B' }],
  ])('tells what its writer threw, %s', async (_, options) => {
    const { server, call } = await started()
    const text = new Writer()
    const events = listen(speak(text, call, options))
    text.write('First. And')
    await until(() => said(events.heard) === 'First. ')
    text.fail(new Error('the writer stumbled'))
    await expect(events.over).rejects.toThrow('the writer stumbled')
    await until(() => server.calls[0]?.cancelled || options.voice)
  })

  it.each<[string, Partial<TtsOptions>]>([
    ['in a stream', {}],
    ['at once', { voice: 'en-US-Standard-B' }],
  ])('ends with the reason where the caller aborts while the writer is waited for, %s', async (_, options) => {
    const { server, call, abort } = await started()
    const text = new Writer()
    const events = listen(speak(text, call, options))
    text.write('First. And')
    await until(() => said(events.heard) === 'First. ')
    abort()
    await expect(events.over).rejects.toThrow('the caller left')
    await until(() => server.calls[0]?.cancelled || options.voice)
    text.write('. Lost. ')
    await until(() => text.isLeft)
    expect(server.calls).toHaveLength(1)
  })

  it('ends at once where the caller aborts before a word', async () => {
    const { server, call, abort } = await started()
    const events = listen(speak(new Writer(), call))
    abort()
    await expect(events.over).rejects.toThrow('the caller left')
    expect(server.calls).toEqual([])
  })

  it('is let go by its listener', async () => {
    const { server, call } = await started()
    const text = new Writer()
    text.write('First. Second. And')
    for await (const event of speak(text, call)) if (event.type === 'audio') break
    await until(() => server.calls[0]?.cancelled)
    text.write('. Lost. ')
    await until(() => text.isLeft)
    expect(server.calls).toHaveLength(1)
  })

  it('fails where the stream does, after the sound that came before', async () => {
    const { call } = await started({ steps: [refused(status.UNAVAILABLE, 'The service is currently unavailable.', 2)] })
    const events = listen(speak(new Writer().write('A long enough sentence. And'), call))
    await expect(events.over).rejects.toMatchObject({ code: 'provider_overloaded', status: 529 })
  })

  it('fails where the server ends a stream that more was to be said in', async () => {
    const { call } = await started({ steps: [{ type: 'hangUp', after: 2 }] })
    const events = listen(speak(new Writer().write('A long enough sentence. And'), call))
    await expect(events.over).rejects.toMatchObject({ code: 'provider_disconnected' })
  })

  it('times out where the sound that is owed does not come, and not while nothing is', async () => {
    const clock = new ManualClock()
    const { server, call } = await started({ steps: [{ type: 'speak' }, { type: 'silent' }] }, { clock })
    const text = new Writer()
    const events = listen(speak(text, call))
    text.write('First. ').write(flush)
    await until(() => said(events.heard) === 'First. ')
    clock.advance(4000)
    await until(() => clock.waiting === 0)
    clock.advance(60_000)
    text.write('Second. ')
    text.end()
    await until(() => server.calls[1]?.halfClosed)
    await until(() => clock.waiting === 1)
    clock.advance(5000)
    await expect(events.over).rejects.toMatchObject({ code: 'provider_timeout' })
  })
})

const pcm = { encoding: 'pcm', rate: 24_000 } as const

async function started(script?: GoogleScript, changes?: Partial<SpeechCall>): Promise<TestCall & { readonly server: GoogleTts }> {
  const server = await startGoogleTts(script)
  const test = speechCall(server.url, googleKey, 'chirp-3-hd', changes)
  open.push(server, test)
  return { ...test, server }
}

function speak(
  text: AsyncIterable<string | Flush>,
  call: SpeechCall,
  options: Partial<TtsOptions> = {},
): AsyncIterable<TtsEvent> {
  const { tts } = google
  if (!tts?.speak) throw new Error('it speaks')
  const model = tts.about?.(options.voice ?? '').model ?? call.model
  return tts.speak(text, { voice: 'Kore', format: pcm, ...options }, { ...call, model })
}

/** Listens until the end, which `over` tells. */
function listen(events: AsyncIterable<TtsEvent>): { readonly heard: TtsEvent[]; readonly over: Promise<void> } {
  const heard: TtsEvent[] = []
  const over = (async () => {
    for await (const event of events) heard.push(event)
  })()
  over.catch(() => undefined)
  return { heard, over }
}

function said(events: readonly TtsEvent[]): string {
  return saidIn(soundIn(events), 'pcm')
}

function soundIn(events: readonly TtsEvent[]): Buffer {
  return Buffer.concat(events.flatMap((event) => (event?.type === 'audio' ? [event.bytes] : [])))
}

/** Writes when it is told to. */
class Writer implements AsyncIterable<string | Flush> {
  readonly #steps: (() => IteratorResult<string | Flush, undefined>)[] = []
  #wake: (() => void) | undefined
  isLeft = false

  /** How many steps nobody has asked for yet. */
  get left(): number {
    return this.#steps.length
  }

  write(piece: string | Flush): this {
    return this.#add(() => ({ done: false, value: piece }))
  }

  end(): void {
    this.#add(() => ({ done: true, value: undefined }))
  }

  fail(error: Error): void {
    this.#add(() => {
      throw error
    })
  }

  #add(step: () => IteratorResult<string | Flush, undefined>): this {
    this.#steps.push(step)
    this.#wake?.()
    return this
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string | Flush> {
    try {
      for (;;) {
        const step = this.#steps.shift()
        if (!step) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
          continue
        }
        const { done, value } = step()
        if (done) return
        yield value
      }
    } finally {
      this.isLeft = true
    }
  }
}
