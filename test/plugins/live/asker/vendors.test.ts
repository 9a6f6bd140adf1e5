import { describe, expect, it } from 'vitest'
import { beginHistory, committed, requestOf, withWords } from '../../../../plugins/live/history.ts'
import { time } from '../../../runs/tools.ts'
import { startAnthropic } from '../../../upstreams/anthropic.ts'
import type { Delivery } from '../../../upstreams/behaviour.ts'
import { geminiKey, startGemini } from '../../../upstreams/gemini.ts'
import { openAiKey, startOpenAiChat } from '../../../upstreams/openai-chat.ts'
import { startOpenAiResponses } from '../../../upstreams/openai-responses.ts'
import { functionCall, message, reasoning } from '../../../upstreams/openai-responses-answer.ts'
import type { Upstream } from '../../../upstreams/upstream.ts'
import { answer, closing, question, setUpStages, speak, spokenIn, stageFor, text, use } from './stage.ts'

setUpStages()

const words = 'It is nice outside. It will rain later.'
const pieces = ['{"te', 'xt":"It is nice out', 'side. It will ', 'rain later."}']

/** A vendor whose model thinks, writes, speaks by a call and calls a tool beside it; then it breaks off, if it is to. */
interface Vendor {
  readonly model: string
  readonly start: (delivery: Delivery) => Promise<Upstream>
  readonly env: (url: string) => Record<string, string>
}

const vendors: readonly Vendor[] = [
  {
    model: 'anthropic/claude-sonnet-4-5',
    start: (delivery) =>
      startAnthropic({
        script: [
          {
            ...answer(
              { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmF0dXJl' },
              text('Well. '),
              speak(words),
              use('get_time', {}, 'toolu_1'),
            ),
            ...delivery,
          },
          answer(speak('It is noon.')),
        ],
      }),
    env: (url) => ({ VAI_ANTHROPIC_BASE_URL: url }),
  },
  {
    model: 'openai/gpt-4.1',
    start: (delivery) =>
      startOpenAiChat({
        script: [
          {
            text: 'Well. ',
            toolCalls: [
              { id: 'call_1', name: 'talk_to_user', arguments: pieces },
              { id: 'call_2', name: 'get_time', arguments: '{}' },
            ],
            ...delivery,
          },
          { toolCalls: [{ id: 'call_1', name: 'talk_to_user', arguments: '{"text":"It is noon."}' }] },
        ],
      }),
    env: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
  },
  {
    model: 'oai-resp/gpt-5',
    start: (delivery) =>
      startOpenAiResponses({
        script: [
          {
            output: [
              reasoning('Hm.'),
              functionCall('talk_to_user', { text: words }, { call_id: 'call_a' }),
              functionCall('get_time', {}, { call_id: 'call_b' }),
            ],
            ...delivery,
          },
          { output: [message('It is noon.')] },
        ],
      }),
    env: (url) => ({ VAI_OPENAI_BASE_URL: `${url}/v1` }),
  },
  {
    model: 'gem-dev/gemini-3-pro-preview',
    start: (delivery) =>
      startGemini({
        service: 'gemini-api',
        script: [
          {
            parts: [
              { text: 'Hm.', thought: true },
              { functionCall: { name: 'talk_to_user', args: { text: words } }, thoughtSignature: 'c2lnbmVk' },
              { functionCall: { name: 'get_time', args: {} } },
            ],
            ...delivery,
          },
          { parts: [{ text: 'It is noon.' }] },
        ],
      }),
    env: (url) => ({ VAI_GEMINI_BASE_URL: `${url}/v1beta` }),
  },
]

const keys = { openai: openAiKey, 'oai-resp': openAiKey, 'gem-dev': geminiKey }

describe.each(vendors)('$model', ({ model, start, env }) => {
  async function stage(delivery: Delivery) {
    const upstream = closing(await start(delivery))
    return stageFor(upstream, { asking: { model }, tools: [time], keys, env: env(upstream.url) })
  }

  it('speaks by its call, is told what its tools say, and speaks on', async () => {
    const { asker, over, said } = await stage({})
    asker.start(1, question, false)
    expect(await over()).toEqual({ type: 'done', stopReason: 'end_turn' })
    expect(said()).toContain(words)
    expect(said()).toMatch(/\nIt is noon\.$/)
    expect(spokenIn(asker.stepsOf(1))).toBe(said())
  })

  it.each([1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18])(
    'takes what is left of a turn that was interrupted after %i events',
    async (event) => {
      const { asker, over, upstream, said } = await stage({ stallAt: { event } })
      asker.start(1, question, false)
      await upstream.waitForRequest()
      for (let rounds = 0; rounds < 40; rounds++) await new Promise((resolve) => setImmediate(resolve))
      asker.cancel(1)
      const history = withWords(beginHistory([]), 'How is the weather?')
      const after = committed(history, asker.stepsOf(1), said().slice(0, said().lastIndexOf(' ')).trimEnd()).history
      asker.start(2, requestOf(withWords(after, 'And now?')), false)
      expect(await over(2)).toEqual({ type: 'done', stopReason: 'end_turn' })
      expect(said(2)).toBe('It is noon.')
    },
  )
})
