import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../api/error.ts'
import type { LiveMetrics } from '../../../plugins/metrics/live.ts'
import { type Gateway, startGateway } from '../../gateway.ts'
import { measured } from '../../measured.ts'

let gateway: Gateway
let live: LiveMetrics
beforeAll(async () => {
  gateway = await startGateway()
  live = gateway.app.metrics.live
})
afterAll(() => gateway.close())

async function value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
  return (await measured(gateway)).value(`vai_live_${name}`, labels)
}

describe('live sessions', () => {
  it('are counted as long as they last, with a socket and without', async () => {
    const [one, other] = [live.opened(), live.opened()]
    one.lost()
    one.lost()
    expect([await value('sessions_open'), await value('sessions_lost')]).toEqual([2, 1])
    one.back()
    other.lost()
    expect([await value('sessions_open'), await value('sessions_lost')]).toEqual([2, 1])
    other.ended('resume_expired', 40)
    other.ended('error', 50)
    other.lost()
    one.ended('end_session', 100)
    one.back()
    expect([await value('sessions_open'), await value('sessions_lost')]).toEqual([0, 0])
    expect(await value('sessions_ended_total', { reason: 'resume_expired' })).toBe(1)
    expect(await value('sessions_ended_total', { reason: 'error' })).toBe(0)
    expect(await value('session_duration_seconds_sum')).toBe(140)
  })

  it('have sockets, each of which closes once', async () => {
    const [one, other] = [live.socketOpened(), live.socketOpened()]
    one()
    one()
    expect(await value('sockets_open')).toBe(1)
    other()
    expect(await value('sockets_open')).toBe(0)
  })

  it('are resumed, or are not', async () => {
    live.resumed('ok')
    live.resumed(new GatewayError('provider_error', { code: 'a_word_of_its_own' }))
    expect(await value('resumes_total', { result: 'ok' })).toBe(1)
    expect(await value('resumes_total', { result: 'provider_error' })).toBe(1)
  })
})

describe('turns', () => {
  it('are measured as far as there is something to measure', async () => {
    live.turnOver('end_turn', { eou_delay_ms: 620, voice_to_voice_ms: 900 })
    live.turnOver('barge_in', { interruption_stop_ms: 12 })
    live.turnOver('whatever a provider likes to say', {})
    expect(await value('turns_total', { ended: 'end_turn' })).toBe(1)
    expect(await value('turns_total', { ended: 'other' })).toBe(1)
    expect(await value('eou_delay_seconds_sum')).toBeCloseTo(0.62)
    expect(await value('voice_to_voice_seconds_count')).toBe(1)
    expect(await value('interruption_stop_seconds_bucket', { le: '0.02' })).toBe(1)
    expect(await value('llm_ttft_seconds_count')).toBe(0)
  })

  it('have what went wrong in them counted, from nothing on', async () => {
    expect(await value('audio_resets_total', { reason: 'grace' })).toBe(0)
    expect(await value('plain_speech_total', { gate: 'strict' })).toBe(0)
    live.reset('grace')
    live.plainSpeech('lenient')
    live.sttReconnect('deepgram')
    live.ttsRetry('cartesia', 'own')
    live.warning('mic_overrun')
    expect(await value('audio_resets_total', { reason: 'grace' })).toBe(1)
    expect(await value('plain_speech_total', { gate: 'lenient' })).toBe(1)
    expect(await value('stt_reconnects_total', { provider: 'deepgram' })).toBe(1)
    expect(await value('tts_retries_total', { provider: 'cartesia', with: 'own' })).toBe(1)
    expect(await value('warnings_total', { code: 'mic_overrun' })).toBe(1)
  })
})
