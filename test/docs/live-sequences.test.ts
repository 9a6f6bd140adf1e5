import { afterEach, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { LiveTime } from '../live/time.ts'
import { deepgramKey, startDeepgram } from '../upstreams/deepgram.ts'
import { openAiKey, startOpenAiChat } from '../upstreams/openai-chat.ts'
import { type OpenAiAnswer, renderCompletion } from '../upstreams/openai-chat-answer.ts'
import type { Step } from '../upstreams/script.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { Talk } from './live-talk.ts'

/**
 * The sequences in docs/live.md are those of sessions that are held here, over sockets. Where one has become another, `npx vitest run test/docs -u`
 * writes it down, and `npm run generate` puts it into the page.
 */

const started: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of started.splice(0).reverse()) await each.close()
})

describe('a live session', () => {
  it('goes like this', async () => {
    const { talk } = await talkWith([says('It is Everest.')])
    await begin(talk)
    await talk.speak('What is the highest mountain?')
    await talk.hears('assistant_audio_end')
    talk.played('audio_1', 600, 'playing')
    talk.played('audio_1', 847, 'finished')
    await talk.hears('turn_complete')
    await talk.hears('turn_state', 4)
    expect(await talk.end()).toBe(1000)
    await isWritten(talk, 'turn')
  })

  it('goes like this where the user goes on soon after a question', async () => {
    const { talk, model } = await talkWith([says('It is Everest.'), says('It is Elbrus.')])
    await begin(talk)
    await talk.speak('What is the highest mountain?')
    await talk.hears('assistant_audio_end')
    talk.played('audio_1', 400, 'playing')
    talk.stopsAtMs = 500
    await talk.speak('In Europe, I mean.')
    await talk.hears('assistant_audio_end', 2)
    talk.played('audio_2', 794, 'finished')
    await talk.hears('turn_complete')
    expect(lastAsked(model)).toContain('What is the highest mountain? In Europe, I mean.')
    await isWritten(talk, 'grace')
  })

  it('goes like this where the user interrupts', async () => {
    const long = 'It is Everest, which stands in the Himalayas, between Nepal and Tibet.'
    const { talk, model } = await talkWith([says(long), says('You are welcome.')])
    await begin(talk, { turn: { grace_ms: 0 } })
    await talk.speak('What is the highest mountain?')
    await talk.hears('assistant_audio_chunk_header', 8)
    talk.played('audio_1', 600, 'playing')
    talk.stopsAtMs = 1200
    await talk.speak('Thank you, that is enough.')
    const { played_text: heard } = await talk.hears('turn_complete')
    expect(long.startsWith(heard)).toBe(true)
    await talk.hears('assistant_audio_end')
    talk.played('audio_2', 1000, 'finished')
    await talk.hears('turn_complete', 2)
    expect(lastAsked(model)).toContain(heard)
    expect(lastAsked(model)).not.toContain('Himalayas')
    await isWritten(talk, 'barge-in')
  })

  it('goes like this where its socket is lost', async () => {
    let answer: (answer: OpenAiAnswer) => void = () => undefined
    const comes = new Promise<OpenAiAnswer>((resolve) => {
      answer = resolve
    })
    const { talk, gateway } = await talkWith([async (request) => renderCompletion(await comes, request)])
    await begin(talk)
    await talk.speak('What is the highest mountain?')
    await talk.hears('turn_state', 2)
    await talk.lose()
    answer(says('It is Everest.'))
    await gateway.logged('"msg":"turn"')
    await talk.resume()
    await talk.hears('assistant_audio_end')
    talk.played('audio_1', 400, 'playing')
    talk.stopsAtMs = 400
    await talk.lose()
    await talk.resume()
    await talk.hears('assistant_audio_end', 2)
    talk.played('audio_2', 447, 'finished')
    await talk.hears('turn_complete')
    await isWritten(talk, 'resume')
  })
})

async function talkWith(script: readonly Step<OpenAiAnswer>[]): Promise<{ talk: Talk; model: Upstream; gateway: Gateway }> {
  const time = new LiveTime()
  const [model, ears] = [await startOpenAiChat({ script }), await startDeepgram({ hearsWords: {} })]
  started.push(model, ears)
  const gateway = await startGateway({
    env: { VAI_OPENAI_BASE_URL: `${model.url}/v1`, VAI_DEEPGRAM_BASE_URL: ears.url },
    keys: { openai: openAiKey, deepgram: deepgramKey },
    parts: { clock: time.clock },
  })
  started.push(gateway)
  return { talk: new Talk(`${gateway.url.replace('http', 'ws')}/v1/live`, time), model, gateway }
}

/** An answer of a model that speaks as it is told to. */
function says(text: string): OpenAiAnswer {
  return { toolCalls: [{ name: 'talk_to_user', arguments: JSON.stringify({ text }) }] }
}

async function begin(talk: Talk, more: object = {}): Promise<void> {
  await talk.connect()
  talk.send({
    type: 'hello',
    protocol_version: '1',
    model: 'openai/gpt-5-mini',
    stt: { model: 'deepgram/nova-3' },
    tts: { voice: 'demo/soft' },
    audio_in: { encoding: 'pcm_s16le', sample_rate_hz: 16_000 },
    ...more,
  })
  await talk.hears('hello_ack')
  talk.listen()
  await talk.hears('turn_state')
}

function lastAsked(model: Upstream): string {
  return JSON.stringify(model.requests.at(-1)?.json)
}

async function isWritten(talk: Talk, name: string): Promise<void> {
  await expect(talk.sequence).toMatchFileSnapshot(`live-sequences/${name}.mmd`)
}
