import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import type { StreamItem, WireFrames } from '../../../../api/events.ts'
import type { StreamEvent } from '../../../../api/schemas.gen.ts'
import type { OpenedStream } from '../../../../plugins/messages/open.ts'
import { voiced } from '../../../../plugins/voice/speak/voiced.ts'
import { textDelta } from '../../../message-frames.ts'
import { until } from '../../../until.ts'
import { reply, silence } from '../../../upstreams/behaviour.ts'
import { bytesOf, type SoundEvent, soundOf, staging, textOf } from './stage.ts'

const { voiceAt, stage, closeAll } = staging()
afterEach(closeAll)

/** A stream of a model that says what it is told to, when it is told to. */
class Source implements OpenedStream {
  readonly head: StreamItem[]
  readonly firstAt = 7
  pulled = 0
  isClosed = false
  readonly #items: StreamItem[] = []
  #isEnded = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(head: readonly StreamItem[], items: readonly StreamItem[] = []) {
    this.head = [...head]
    this.#items.push(...items)
  }

  say(...items: StreamItem[]): void {
    this.#items.push(...items)
    this.#wake?.()
  }

  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  fail(error: Error): void {
    this.#failure = error
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<StreamItem>> {
    for (;;) {
      const item = this.#items.shift()
      if (item) {
        this.pulled++
        return { done: false, value: item }
      }
      if (this.#failure) throw this.#failure
      if (this.#isEnded) return { done: true, value: undefined }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

const start: StreamEvent = {
  type: 'message_start',
  message: {
    id: 'msg_test',
    type: 'message',
    role: 'assistant',
    model: 'any',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  },
}

function begin(index: number, text = ''): StreamEvent {
  return { type: 'content_block_start', index, content_block: { type: 'text', text } }
}

function delta(index: number, text: string): StreamEvent {
  return { type: 'content_block_delta', index, delta: { type: 'text_delta', text } }
}

function stop(index: number): StreamEvent {
  return { type: 'content_block_stop', index }
}

const last: StreamEvent[] = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
]

function wire(text: string): WireFrames {
  return { type: 'wire', bytes: Buffer.from(textDelta(text)) }
}

async function collect(stream: OpenedStream): Promise<StreamItem[]> {
  const items = [...stream.head]
  for (let next = await stream.next(); !next.done; next = await stream.next()) items.push(next.value)
  await stream.close()
  return items
}

function isSound(item: StreamItem): item is SoundEvent {
  return item.type === 'audio_chunk' || item.type === 'audio_unavailable'
}

describe('a voiced stream', () => {
  it('has its own items unchanged, sound between them, and its end behind the last sound', async () => {
    const { speaker } = stage(await voiceAt())
    const items: StreamItem[] = [
      delta(0, 'It is a fine day. '),
      wire('It will rain '),
      { type: 'ping' },
      wire('later on.'),
      stop(0),
      ...last,
    ]
    const source = new Source([start, begin(0)], items)
    source.end()
    const speaking = speaker()
    const all = await collect(voiced(source, speaking))
    const own = all.filter((item) => !isSound(item))
    expect(own.slice(0, -2)).toEqual([start, begin(0), ...items.slice(0, -2)])
    expect(own.slice(2).every((item, index) => index > 4 || item === items[index])).toBe(true)
    expect(all.slice(-3).map(({ type }) => type)).toEqual(['audio_chunk', 'message_delta', 'message_stop'])
    expect(all.at(-3)).toMatchObject({ is_final: true })
    expect(all.slice(-2)).toEqual(last)
    expect(speaking.usage.voice).toEqual({ spoken_characters: 39, spoken_seconds: 0.039 })
    const sounds = all.filter(isSound)
    expect(textOf(sounds)).toBe('It is a fine day. It will rain later on.')
    expect(bytesOf(sounds)).toEqual(Buffer.concat([soundOf('It is a fine day.'), soundOf('It will rain later on.')]))
    expect(source.isClosed).toBe(true)
  })

  it('gives out sound while the text is still being written', async () => {
    const voice = await voiceAt()
    const source = new Source([start, begin(0)])
    const stream = voiced(source, stage(voice).speaker())
    const next = stream.next()
    source.say(delta(0, 'It is a fine day. And'))
    expect((await next).value).toMatchObject({ type: 'content_block_delta' })
    expect((await stream.next()).value).toMatchObject({ type: 'audio_chunk', text: 'It is a fine day. ' })
    source.say(delta(0, ' so on.'), stop(0), ...last)
    source.end()
    const rest = await collect(stream)
    expect(textOf(rest.filter(isSound))).toBe('And so on.')
  })

  it('does not let text wait for sound', async () => {
    const voice = await voiceAt(() => silence)
    const source = new Source([start, begin(0, 'It is a fine day. And it ')])
    const stream = voiced(source, stage(voice).speaker())
    await voice.upstream.waitForRequest()
    for (let count = 0; count < 50; count++) {
      source.say(delta(0, `is ${count} `))
      expect((await stream.next()).value).toEqual(delta(0, `is ${count} `))
    }
    await stream.close()
    await voice.upstream.waitForClose()
  })

  it('says what it is told not to say to nobody: thinking, tools and what they are given', async () => {
    const voice = await voiceAt()
    const items: StreamEvent[] = [
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: 'I think. ', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'I think more. ' } },
      stop(0),
      begin(1, 'Let me '),
      delta(1, 'look'),
      stop(1),
      { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"city": "Rome."}' } },
      stop(2),
      begin(3, 'Two blocks go on '),
      stop(3),
      begin(4, 'in one sentence.'),
      stop(4),
      ...last,
    ]
    const source = new Source([start], items)
    source.end()
    const all = await collect(voiced(source, stage(voice).speaker()))
    expect(voice.texts).toEqual(['Let me look', 'Two blocks go on in one sentence.'])
    expect(textOf(all.filter(isSound))).toBe('Let me look\nTwo blocks go on in one sentence.')
  })

  it('ends with a last chunk also where only a tool is called, or nothing is said at all', async () => {
    const voice = await voiceAt()
    const tool: StreamEvent[] = [
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} } },
      stop(0),
    ]
    for (const source of [new Source([start], [...tool, ...last]), new Source([start], last), new Source([start, ...last])]) {
      source.end()
      const all = await collect(voiced(source, stage(voice).speaker()))
      expect(all.slice(-3)).toMatchObject([{ type: 'audio_chunk', audio: '', text: '', seq: 0, is_final: true }, ...last])
    }
    expect(voice.texts).toEqual([])
  })

  it('goes on with its text where it cannot be spoken', async () => {
    const voice = await voiceAt(() => reply('no', { status: 401 }))
    const source = new Source([start, begin(0, 'It is a fine day. And ')])
    const stream = voiced(source, stage(voice).speaker())
    expect((await stream.next()).value).toMatchObject({ type: 'audio_unavailable', seq: 0 })
    source.say(delta(0, 'it goes on. And on.'), stop(0), ...last)
    source.end()
    const all = await collect(stream)
    expect(all.slice(2)).toEqual([delta(0, 'it goes on. And on.'), stop(0), ...last])
  })

  it('ends with the failure of its source, and nobody speaks any more', async () => {
    const voice = await voiceAt(() => silence)
    const source = new Source([start, begin(0, 'It is a fine day. And ')])
    const stream = voiced(source, stage(voice).speaker())
    const next = stream.next()
    await voice.upstream.waitForRequest()
    source.fail(new Error('broken'))
    await expect(next).rejects.toThrow('broken')
    await voice.upstream.waitForClose()
    await stream.close()
  })

  it('tells of an event that it cannot read, which goes to the caller as it is', async () => {
    const voice = await voiceAt()
    const broken: WireFrames = { type: 'wire', bytes: Buffer.from('event: content_block_delta\ndata: {"type"\n\n') }
    const source = new Source([start, begin(0)], [delta(0, 'It is a fine day.'), broken, stop(0), ...last])
    source.end()
    const all = await collect(voiced(source, stage(voice).speaker()))
    expect(all).toContain(broken)
    expect(all.filter(isSound).at(-1)).toMatchObject({ type: 'audio_unavailable', error: { code: 'provider_protocol' } })
    expect(all.at(-1)).toEqual(last[1])
  })

  it('reads a few items ahead of a caller who takes none, and speaks what they say', async () => {
    const voice = await voiceAt()
    const deltas = Array.from({ length: 500 }, (_, index) => delta(0, `This is the sentence number ${index}. `))
    const source = new Source([start, begin(0)], [...deltas, stop(0), ...last])
    source.end()
    const stream = voiced(source, stage(voice).speaker())
    await stream.next()
    await voice.upstream.waitForRequest(3)
    await until(() => source.pulled === 17)
    expect(voice.texts).toHaveLength(3)
    const all = await collect(stream)
    expect(all.filter(({ type }) => type === 'content_block_delta')).toEqual(deltas.slice(1))
    expect(voice.texts).toHaveLength(500)
    expect(all.at(-1)).toEqual(last[1])
  })

  it('ends all calls in the turn in which it is closed', async () => {
    const voice = await voiceAt((text) => reply(soundOf(text), { chunks: { size: 64 }, stallAt: 64 }))
    const source = new Source([start, begin(0, 'It is a fine day. And it will rain. But ')])
    const made = stage(voice)
    const stream = voiced(source, made.speaker())
    await voice.upstream.waitForRequest(2)
    const next = stream.next()
    await until(() => made.told.began.length === 2)
    void stream.close()
    expect((await stream.next()).done).toBe(true)
    await voice.upstream.waitForClose(2)
    await next
  })

  it('does not keep what it has given out', async () => {
    const voice = await voiceAt()
    const source = new Source([start, begin(0)])
    const stream = voiced(source, stage(voice).speaker())
    const given: WeakRef<object>[] = []
    for (let count = 0; count < 100; count++) {
      source.say(delta(0, `This is the sentence number ${count}. `))
      // The first sentence is certain once the second begins.
      for (let isSaid = false; !isSaid; ) {
        const { value } = await stream.next()
        if (value) given.push(new WeakRef(value))
        isSaid = value?.type === 'audio_chunk' || count === 0
      }
    }
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    await until(async () => {
      // What was looked at lives until the current task ends.
      await setImmediate()
      collectGarbage()
      return given.filter((each) => each.deref()).length < 10
    })
    expect(given.length).toBeGreaterThan(190)
    await stream.close()
  })
})
