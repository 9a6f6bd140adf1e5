import { nameOf } from '../voice/control.ts'
import type { Script, SessionJob } from './control.ts'
import type { Stage } from './harness.ts'

/** How sessions of the benchmark are asked for. */
export interface Terms {
  readonly script: Script
  /** Hertz, of the microphone; 16,000 where it is absent. */
  readonly rate?: number
  readonly stt?: string
  readonly transport?: SessionJob['transport']
  readonly silenceMs?: number
  readonly isTimed?: boolean
}

let names = 0

/** So many of them; each has a name of its own. */
export function sessionsFor({ liveURL }: Pick<Stage, 'liveURL'>, count: number, terms: Terms): SessionJob[] {
  const { script, rate = 16_000, stt = 'deepgram/nova-3', transport = 'binary', silenceMs = 600, isTimed = true } = terms
  return Array.from({ length: count }, () => {
    const name = nameOf(++names)
    const hello = {
      type: 'hello',
      protocol_version: '1',
      client: { name: 'bench' },
      model: 'anthropic/bench',
      system: `You are ${name}.`,
      audio_in: { encoding: 'pcm_s16le', sample_rate_hz: rate },
      stt: { model: stt, language: 'en', options: { hints: [name] } },
      tts: { voice: 'cartesia/694f9389-aac1-45b6-b726-9d9369183238', language: 'en' },
      // Whoever speaks interrupts: what would be grace is none.
      turn: { silence_ms: silenceMs, grace_ms: 0 },
      features: { audio_transport: transport },
    }
    return { name, url: liveURL, protocol: 'vai.live.v1', hello, rate, transport, script, isTimed }
  })
}

/** The same frames straight to the engine that hears: what client, engine and machine take by themselves. */
export function directFor({ directURL }: Pick<Stage, 'directURL'>, count: number, script: Script): SessionJob[] {
  return Array.from({ length: count }, () => {
    const name = nameOf(++names)
    const url = `${directURL}&sample_rate=16000&keyterm=${name}`
    return { name, url, protocol: undefined, hello: undefined, rate: 16_000, transport: 'binary', script, isTimed: true }
  })
}
