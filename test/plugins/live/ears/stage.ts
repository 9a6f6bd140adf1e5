import { pino } from 'pino'
import { afterEach } from 'vitest'
import { type Clock, systemClock } from '../../../../api/clock.ts'
import { Secret } from '../../../../api/secret.ts'
import { startResampling } from '../../../../audio/resample.ts'
import { socketDialer } from '../../../../plugins/egress/socket.ts'
import { createEars } from '../../../../plugins/live/ears/create-ears.ts'
import type { Ears, EarsListener } from '../../../../plugins/live/ears/ears.ts'
import type { LiveHearing } from '../../../../plugins/live/plan.ts'
import type { VoiceOutcome } from '../../../../plugins/metrics/voice.ts'
import type { SpeechTrace } from '../../../../plugins/tracing/index.ts'
import type { HearingModel } from '../../../../plugins/voice/plan.ts'
import type { RawFormat, SpeechProvider } from '../../../../providers/speech.ts'
import { speechCall } from '../../../speech-call.ts'
import { until } from '../../../until.ts'

export const pcm16: RawFormat = { encoding: 'pcm', rate: 16_000 }

export type Told = Parameters<EarsListener>[0]

/** What a session hears with, and everything that it was told. */
export interface Stage {
  readonly ears: Ears
  readonly told: readonly Told[]
  readonly metered: readonly { readonly outcome: VoiceOutcome; readonly seconds: number; readonly soundSeconds: number }[]
  /** What the breaker was told of each connection. */
  readonly admitted: readonly string[]
  /** Resolves once something like this was told. */
  heard(what: Partial<Told> & { readonly type: Told['type'] }): Promise<void>
  /** The texts of all that is certain, put together. */
  readonly text: string
}

export interface Setting {
  readonly provider: SpeechProvider
  readonly model: string
  readonly url: string
  readonly key: string
  readonly format?: RawFormat
  readonly audioIn?: RawFormat
  readonly options?: LiveHearing['options']
  readonly energy?: LiveHearing['energy']
  readonly clock?: Clock
  readonly keptMs?: number
  readonly trace?: SpeechTrace
}

const open: { end(): Promise<void> }[] = []
const resampling = startResampling()

afterEach(async () => {
  for (const each of open.splice(0)) await each.end()
})

export function hearingOf({ provider, model, format = pcm16, options = { hints: [] }, energy = {} }: Setting): LiveHearing {
  if (!provider.stt) throw new Error('it does not hear')
  const named: HearingModel = { provider, stt: provider.stt, name: model, id: `${provider.id}/${model}` }
  return { model: named, format, options, energy }
}

export function staged(setting: Setting): Stage {
  const { url, key, audioIn = pcm16, clock = systemClock, keptMs = 10_000 } = setting
  const told: Told[] = []
  const metered: Stage['metered'][number][] = []
  const admitted: string[] = []
  const ears = createEars(
    {
      audioIn,
      keptMs,
      hearing: hearingOf(setting),
      clock,
      resampling: () => resampling,
      metrics: {
        heard: (_, outcome, seconds, soundSeconds = 0) => metered.push({ outcome, seconds, soundSeconds }),
      },
      caller: {
        principal: { providerKey: () => undefined, tenant: undefined, keyId: undefined },
        headers: {},
        requestId: 'req_test',
        times: { firstByteMs: 5000, idleMs: 30_000, answerMs: 60_000 },
        log: pino({ level: 'silent' }),
        trace: setting.trace,
      },
      calls: {
        to: (_, name, { signal }) => ({
          ...speechCall(url, key, name, { clock }).call,
          apiKey: new Secret(key),
          timeouts: { firstByteMs: 5000, idleMs: 30_000 },
          sockets: socketDialer(clock),
          signal,
        }),
        enter: () => ({
          succeeded: () => void admitted.push('ok'),
          failed: (error) => void admitted.push(error instanceof Error ? error.name : 'failed'),
        }),
      },
    },
    (input) => told.push(input),
  )
  open.push(ears)
  return {
    ears,
    told,
    metered,
    admitted,
    async heard(what) {
      await until(() => told.some((each) => Object.entries(what).every(([name, value]) => Reflect.get(each, name) === value)))
    },
    get text() {
      return told.map((each) => (each.type === 'stt' && each.event.type === 'final' ? each.event.text : '')).join('')
    },
  }
}

/** So much sound at 16 kHz whose samples say, roughly, which they are: never two that follow each other are the same. */
export function numbered(ms: number, fromMs = 0, rate = 16_000): Buffer {
  const samples = (ms * rate) / 1000
  const sound = Buffer.alloc(samples * 2)
  for (let at = 0; at < samples; at++) sound.writeInt16LE((((fromMs * rate) / 1000 + at) % 60_000) - 30_000, at * 2)
  return sound
}

/** Hears sound in frames of 20 ms. */
export function hearAll(ears: Ears, sound: Uint8Array, frameBytes = 640): void {
  for (let at = 0; at < sound.length; at += frameBytes) {
    const frame = Uint8Array.from(sound.subarray(at, at + frameBytes))
    ears.hear(frame, Number.NEGATIVE_INFINITY)
    // It is the ears' own from here on: whoever gave it uses it again.
    frame.fill(0)
  }
}

/** All sound that came over a socket. */
export function soundIn(received: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(received.filter((message) => typeof message !== 'string'))
}
