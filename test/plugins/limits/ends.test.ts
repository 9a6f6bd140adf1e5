import { afterEach, expect, it } from 'vitest'
import { demo } from '../../../providers/demo/index.ts'
import type { LlmProvider } from '../../../providers/provider.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { ManualClock } from '../../manual-clock.ts'
import { itemsOf } from './fields.ts'

/** What counts of a call that the gateway itself cannot bring to its end. */

const gateways: Gateway[] = []
afterEach(() => Promise.all(gateways.splice(0).map((gateway) => gateway.close())))

/** Says that its answer is the contract's JSON, which it is not, so that sending it on fails after the model has answered. */
const wrong: LlmProvider = {
  ...demo,
  id: 'wrong',
  complete: async (request) => ({
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: request.model,
      content: [],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 40, output_tokens: 60 },
    },
    json: Buffer.from('{"\\x":1}'),
  }),
}

const ask = { model: 'wrong/echo', max_tokens: 500, messages: [{ role: 'user', content: 'Hello' }] }

it('a call that fails after its answer has come counts as what the provider said', async () => {
  const gateway = await startGateway({
    env: { VAI_LIMIT_TOKENS_PER_MINUTE: '10000' },
    parts: { providers: [wrong], clock: new ManualClock() },
  })
  gateways.push(gateway)
  const left = (response: Response): number => Number(itemsOf(response.headers.get('ratelimit')).tokens?.r)
  const first = await gateway.post(ask)
  expect(first.status).toBe(500)
  const second = await gateway.post(ask)
  expect(left(first) - left(second)).toBe(100)
})
