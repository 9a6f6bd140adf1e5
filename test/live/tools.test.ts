import { afterEach, describe, expect, it } from 'vitest'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { measured } from '../measured.ts'
import { silence } from '../upstreams/behaviour.ts'
import { startTavily, tavilyKey } from '../upstreams/tavily.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { clientTool, type Stage, startStage } from './stage.ts'

/** Tools in conversations: those of the gateway, those of the client, and what an interruption makes of them. */
let stage: Stage
let tavily: Upstream | undefined
afterEach(async () => {
  await stage.close()
  await tavily?.close()
})

const headers = { 'x-provider-key-tavily': tavilyKey }
const search = { name: 'vai_web_search', input: { query: 'weather in Berlin' } }

async function withSearch(script: Parameters<typeof startTavily>[0], answers: Parameters<typeof startStage>[0]): Promise<void> {
  tavily = await startTavily(script)
  stage = await startStage({ ...answers, gateway: { env: { VAI_TAVILY_BASE_URL: tavily.url } } })
}

describe("the gateway's tools", () => {
  it('are called between what is said before and after', async () => {
    const results = [{ title: 'Weather', url: 'https://example.org/', content: 'It rains.', score: 0.9 }]
    await withSearch(
      { results },
      { model: 'anthropic', answers: [{ say: 'Let me look.', calls: [search] }, { say: 'It rains in Berlin.' }] },
    )
    const talk = await stage.talk({ headers, tools: { server_tools: ['vai_web_search'] }, features: { want_run_events: true } })
    await talk.says('How is the weather in Berlin?')
    expect(await talk.turnOver()).toMatchObject({ stop_reason: 'end_turn', played_text: 'Let me look.\nIt rains in Berlin.' })
    expect(talk.client.of('run_event').map(({ event }) => event.type)).toEqual(
      expect.arrayContaining(['tool_call_start', 'tool_result', 'step_complete']),
    )
    expect(talk.client.of('tool_call')).toEqual([])
    const [question, before, call, heard, result, after] = talk.transcript
    expect([question, before, call, heard, after]).toEqual([
      'user: How is the weather in Berlin?',
      'says: Let me look.',
      'calls vai_web_search {"query":"weather in Berlin"}',
      'result: The user heard all of it.',
      'says: It rains in Berlin.',
    ])
    expect(result).toContain('It rains.')
    expect(await stage.leftovers()).toEqual([])
  })

  it('are broken off by an interruption, and the history stays valid', async () => {
    await withSearch(silence, {
      model: 'anthropic',
      answers: [{ say: 'Let me look.', calls: [search] }, { say: 'As you like.' }],
    })
    const talk = await stage.talk({ headers, tools: { server_tools: ['vai_web_search'] }, turn: { grace_ms: 0 } })
    await talk.says('How is the weather in Berlin?')
    await stage.time.until(() => tavily?.requests.length === 1)
    await talk.heard('Let me look.')
    await talk.says('Never mind the weather.')
    await tavily?.waitForClose()
    expect(await talk.turnOver(1)).toMatchObject({
      type: 'turn_complete',
      stop_reason: 'barge_in',
      played_text: 'Let me look.\n',
    })
    expect(await talk.turnOver(2)).toMatchObject({ played_text: 'As you like.' })
    expect(stage.model.asked[1]?.slice(0, 3)).toEqual([
      'user: How is the weather in Berlin?',
      'says: Let me look.',
      'calls vai_web_search {"query":"weather in Berlin"}',
    ])
    expect(stage.model.asked[1]?.at(-1)).toBe('user: Never mind the weather.')
    expect(await stage.leftovers()).toEqual([])
  })
})

describe("the client's tools", () => {
  it('that change something end the time of grace: what is said then is an interruption', async () => {
    for (const isReadOnly of [false, true]) {
      stage = await startStage({ answers: [{ calls: [{ name: 'book', input: {} }] }, { say: 'All right.' }] })
      const talk = await stage.talk({ tools: { client_tools: [clientTool('book', { read_only: isReadOnly })] } })
      await talk.says('Book me a flight.')
      await talk.told('tool_call')
      await talk.says('To Madrid, I mean.')
      const [first] = [await talk.turnOver(1)]
      expect(first).toMatchObject(
        isReadOnly
          ? { type: 'turn_cancelled', reason: 'grace' }
          : { type: 'turn_complete', stop_reason: 'barge_in', played_text: '' },
      )
      await talk.turnOver(2)
      expect(stage.model.asked[1]).toEqual(
        isReadOnly
          ? ['user: Book me a flight. To Madrid, I mean.']
          : [
              'user: Book me a flight.',
              'calls book {}',
              expect.stringContaining('not run to its end'),
              'user: To Madrid, I mean.',
            ],
      )
      expect(await stage.leftovers()).toEqual([])
      if (!isReadOnly) await stage.close()
    }
  })
})

describe('places of sessions', () => {
  it('are free again once a session is over, and not before', async () => {
    const caller = gatewayKey('caller', { limits: { concurrent_sessions: 1 } })
    const boss = gatewayKey('boss', { role: 'admin' })
    stage = await startStage({ gateway: { env: envWith([caller, boss]) } })
    const own = { headers: { 'x-api-key': caller.key } }
    const talk = await stage.talk(own)
    const refused = await stage.connect(own)
    refused.greet()
    await stage.time.until(() => refused.client.closed !== undefined)
    expect(refused.client.of('error')[0]).toMatchObject({ close: true })
    talk.client.send({ type: 'control', op: 'end_session' })
    await stage.time.until(() => talk.client.closed !== undefined)
    const { value } = await measured(stage.gateway, { 'x-api-key': boss.key })
    expect(value('vai_live_sessions_open')).toBe(0)
    await stage.talk(own)
    expect(await stage.leftovers()).toEqual([])
  })
})
