import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LiveHello } from '../../api/schemas.gen.ts'
import { replayTrace } from '../../plugins/live/recording/replay.ts'
import { reduceLive } from '../../plugins/live/reduce.ts'
import { type Collector, startCollector } from '../collector.ts'
import { envWith, gatewayKey } from '../gateway-keys.ts'
import { leaksIn } from '../leaks.ts'
import { measured } from '../measured.ts'
import { cartesiaKey } from '../upstreams/cartesia.ts'
import { deepgramKey } from '../upstreams/deepgram.ts'
import { openAiKey } from '../upstreams/openai-chat.ts'
import { type Stage, startStage, type Talk } from './stage.ts'

/**
 * Keys of the gateway and of vendors, and tokens of sessions, are used in every way that there is, rightly and wrongly; then every log line, every message
 * to a client, every trace, record and measurement is searched for them.
 */
const user = gatewayKey('user')
const boss = gatewayKey('boss', { role: 'admin' })
const wrongKeys = {
  openai: 'w3k9-wrong-key-for-openai-of-a-caller',
  deepgram: 'q7f2-wrong-key-for-deepgram-of-a-caller',
  cartesia: 'e6d1-wrong-key-for-cartesia-of-a-caller',
}
const rightKeys = { openai: openAiKey, deepgram: deepgramKey, cartesia: cartesiaKey }
const question = 'Whatever I whisper stays between us.'
const answer = 'Nobody will ever read about pineapples.'
const secretsUsed = [user.key, boss.key, ...Object.values(wrongKeys), ...Object.values(rightKeys)]

let stage: Stage
let collector: Collector
const folder = mkdtempSync(join(tmpdir(), 'vai-live-secrets-'))
const tokens: string[] = []
const told: string[] = []

beforeAll(async () => {
  collector = await startCollector()
  stage = await startStage({
    answers: [{ say: answer }],
    gateway: {
      keys: {},
      env: {
        ...envWith([user, boss]),
        VAI_OTLP_ENDPOINT: collector.url,
        VAI_LIVE_TRACE_DIR: folder,
        VAI_LIVE_TRACE_AUDIO: 'true',
        VAI_BREAKER_FAILURE_PERCENT: '0',
      },
    },
  })
})
afterAll(async () => {
  await stage.close()
  await collector.close()
  rmSync(folder, { recursive: true })
})

async function session(hello: Partial<LiveHello>, headers?: Record<string, string>): Promise<Talk> {
  const talk = await stage.connect({ hello, ...(headers && { headers }) })
  talk.greet()
  await stage.time.until(() => talk.client.told.length > 0 || talk.client.closed !== undefined)
  return talk
}

async function over(talk: Talk): Promise<void> {
  for (const { resume_token: token } of talk.client.of('hello_ack')) tokens.push(token)
  talk.client.send({ type: 'control', op: 'end_session' })
  await stage.time.until(() => talk.client.closed !== undefined)
  const others = talk.client.told.filter(({ type }) => type !== 'hello_ack')
  told.push(...others.map((message) => JSON.stringify(message)), JSON.stringify(talk.client.closed))
}

const auth = { gateway_api_key: user.key }

describe('sessions', () => {
  it('whose keys come in hello', async () => {
    const talk = await session({ auth, byok: { keys: rightKeys } })
    await talk.says(question)
    expect(await talk.turnOver()).toMatchObject({ played_text: answer })
    stage.network.drop()
    await stage.time.until(() => talk.client.closed !== undefined)
    await stage.time.run(200)
    // Sessions belong to whoever opened them.
    const ack = talk.client.of('hello_ack')[0]
    const resume = { session_id: ack?.session_id ?? '', token: ack?.resume_token ?? '', last_server_seq: talk.client.lastSeq }
    const stranger = await stage.connect()
    stranger.client.send({ type: 'hello', protocol_version: '1', auth: { gateway_api_key: boss.key }, resume })
    await stage.time.until(() => stranger.client.closed !== undefined)
    await over(stranger)
    await over(talk)
  })

  it('whose keys come in headers', async () => {
    const own = Object.entries(rightKeys).map(([provider, key]) => [`x-provider-key-${provider}`, key])
    const talk = await session({}, { 'x-api-key': user.key, ...Object.fromEntries(own) })
    await talk.says(question)
    await talk.turnOver()
    await over(talk)
  })

  it.each(['openai', 'deepgram', 'cartesia'] as const)('whose key is not the right one for %s', async (provider) => {
    const talk = await session({ auth, byok: { keys: { ...rightKeys, [provider]: wrongKeys[provider] } } })
    await talk.says(question)
    await stage.time.run(8000)
    expect(talk.client.told.some(({ type }) => ['error', 'warning', 'audio_unavailable'].includes(type))).toBe(true)
    await over(talk)
  })

  it('that are not let in', async () => {
    for (const gateway_api_key of ['vai_not_a_key_at_all_0123456789abcdef', `${user.key}x`]) {
      const talk = await session({ auth: { gateway_api_key }, byok: { keys: wrongKeys } })
      await stage.time.until(() => talk.client.closed !== undefined)
      await over(talk)
    }
  })

  it('whose client gets everything wrong, with its keys in it', async () => {
    const talk = await session({ auth, byok: { keys: rightKeys } })
    const ack = talk.client.of('hello_ack')[0]
    talk.client.send({ type: 'control', op: user.key })
    talk.client.send({ type: wrongKeys.openai })
    talk.client.send({ type: 'session_update', tts: { voice: `cartesia/${wrongKeys.cartesia}` } })
    talk.client.send({ type: 'tool_result', tool_use_id: ack?.resume_token, content: 'x' })
    await stage.time.run(500)
    talk.client.sendRaw(`{"type": "${user.key}"`)
    await stage.time.until(() => talk.client.closed !== undefined)
    await over(talk)
  })
})

describe('afterwards', () => {
  it('the search would have found something', () => {
    expect(stage.gateway.logLines.length).toBeGreaterThan(10)
    expect(tokens.length).toBeGreaterThanOrEqual(5)
    expect(told.length).toBeGreaterThan(50)
    const shown = [stage.deepgram, stage.cartesia].flatMap(({ sockets }) =>
      sockets.map(({ opening }) => JSON.stringify(opening.headers)),
    )
    expect(shown.some((headers) => headers.includes(deepgramKey))).toBe(true)
    expect(shown.some((headers) => headers.includes(cartesiaKey))).toBe(true)
  })

  it('no key and no token is in any log line, and nothing that was said', () => {
    expect(leaksIn(stage.gateway.logLines, [...secretsUsed, ...tokens])).toEqual([])
    expect(leaksIn(stage.gateway.logLines, [question, answer, 'pineapples'])).toEqual([])
  })

  it('no key is in any message to a client, but what it has sent itself, and no token but in the acknowledgement', () => {
    expect(leaksIn(told, [...Object.values(rightKeys), boss.key])).toEqual([])
  })

  it('none of it is in any measurement', async () => {
    const { text } = await measured(stage.gateway, { 'x-api-key': boss.key })
    expect(text).toContain('vai_live_turns_total')
    expect(leaksIn([text], [...secretsUsed, ...tokens, question, answer])).toEqual([])
  })

  it('no key and no token is in any record', () => {
    const records = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'))
    expect(records.length).toBeGreaterThanOrEqual(5)
    expect(records.some((record) => record.includes(answer))).toBe(true)
    expect(
      leaksIn(records, [boss.key, ...Object.values(rightKeys), ...Object.values(wrongKeys).slice(0, 2), ...tokens.slice(0, 3)]),
    ).toEqual([])
  })

  it('every record plays again, to the same effects', async () => {
    // Nobody comes back any more.
    await stage.time.run(31_000)
    for (const file of readdirSync(folder)) {
      const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n')
      const { same, steps, brokenOff } = await replayTrace(lines, reduceLive)
      expect({ file, same, brokenOff }).toEqual({ file, same: true, brokenOff: undefined })
      expect(steps).toBeGreaterThan(0)
    }
  })

  // The last one, as the rest of the spans leave when the gateway is closed.
  it('none of it is in any trace', async () => {
    await stage.gateway.close()
    const sent = collector.requests.map(({ headers, body }) => `${JSON.stringify(headers)}\n${body.toString('latin1')}`)
    expect(collector.spans().length).toBeGreaterThan(5)
    expect(leaksIn(sent, [...secretsUsed, ...tokens, question, answer])).toEqual([])
  })
})

describe('what is said', () => {
  it('is in the log where the operator asks for that', async () => {
    const open = await startStage({ answers: [{ say: answer }], gateway: { env: { VAI_LIVE_LOG_TRANSCRIPTS: 'true' } } })
    const talk = await open.talk()
    await talk.says(question)
    await talk.turnOver()
    expect(open.gateway.logLines.filter((line) => line.includes(question))).toHaveLength(1)
    expect(open.gateway.logLines.filter((line) => line.includes(answer))).toHaveLength(1)
    expect(await open.leftovers()).toEqual([])
    await open.close()
  })
})
