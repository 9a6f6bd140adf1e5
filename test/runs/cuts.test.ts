import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../api/schemas.gen.ts'
import { messageOf, startGateway } from '../gateway.ts'
import { listenAtAll } from './listeners.ts'
import { finishRun } from './run.ts'
import { time, weather } from './tools.ts'
import { keys, question, type Vendor, vendors } from './vendors.ts'

/** A run whose second answer breaks off, wherever that is: what is left of it is a conversation that goes on at any vendor. */

const listeners = listenAtAll()

describe('an answer that breaks off', () => {
  it.each(vendors.map((vendor) => [vendor.model, vendor] as const))('anywhere at %s', async (_, vendor) => {
    const results = await cutEverywhere(vendor)
    expect(results.length).toBeGreaterThan(2)
    const tools = [weather, time].map(({ name, inputSchema }) => ({ name, input_schema: inputSchema }))
    const histories = new Set(results.map(({ messages }) => JSON.stringify(messages)))
    for (const history of histories) {
      const messages = [...JSON.parse(history), { role: 'user', content: 'Go on.' }]
      for (const [model, { gateway }] of listeners) {
        const response = await gateway.post({ model, max_tokens: 2048, messages, tools })
        expect(response.status, `${model}: ${await response.clone().text()}\n${history}`).toBe(200)
        await messageOf(response)
      }
    }
  })
})

/** The results of runs that break off after one event, after two, and so on, until one does not or nothing more comes. */
async function cutEverywhere({ model, fields, settings, startCutter }: Vendor): Promise<RunResult[]> {
  let events = 1
  const upstream = await startCutter(() => events)
  const env = { ...settings(upstream.url), VAI_RETRY_ATTEMPTS: '0', VAI_BREAKER_FAILURE_PERCENT: '0' }
  const gateway = await startGateway({ env, keys, parts: { tools: [weather, time] } })
  const request = { model, max_tokens: 2048, messages: [{ role: 'user' as const, content: question }], ...fields }
  const results: RunResult[] = []
  try {
    for (; events < mostEvents; events++) {
      const run = { max_turns: 2 }
      const result = await finishRun(gateway, { request, builtins: [weather.name, time.name], run })
      results.push(result)
      if (result.stop_reason === 'max_turns') break
      expect(result).toMatchObject({ stop_reason: 'error', error: { code: 'provider_disconnected' }, tool_call_count: 2 })
    }
    return results
  } finally {
    await gateway.close()
    await upstream.close()
  }
}

/** More than any of these answers has. */
const mostEvents = 32
