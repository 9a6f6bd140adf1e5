import Fastify from 'fastify'
import { Agent } from 'undici'
import { systemClock } from '../../../../api/clock.ts'
import { GatewayError } from '../../../../api/error.ts'
import { Secret } from '../../../../api/secret.ts'
import { type NewResampler, startResampling } from '../../../../audio/resample.ts'
import { socketDialer } from '../../../../plugins/egress/socket.ts'
import type { Voice } from '../../../../plugins/live/effects.ts'
import type { VoiceEvent } from '../../../../plugins/live/inputs.ts'
import { createMouth } from '../../../../plugins/live/mouth/create.ts'
import type { Mouth, Piece } from '../../../../plugins/live/mouth/mouth.ts'
import type { MouthParts } from '../../../../plugins/live/mouth/parts.ts'
import type { LiveSpeaking } from '../../../../plugins/live/plan.ts'
import type { SpeakingVoice } from '../../../../plugins/voice/plan.ts'
import type { RawFormat, SpeechProvider } from '../../../../providers/speech.ts'
import { until } from '../../../until.ts'

/** A mouth with whoever listens to it: what comes is noted and answered in turn, as the driver of a session does. */
export interface Stage {
  readonly mouth: Mouth
  /** What was told, by its turn. */
  readonly told: { readonly turn: number; readonly event: VoiceEvent }[]
  readonly pieces: { readonly turn: number; readonly piece: Piece; readonly fromMs: number }[]
  /** Of metrics and of the circuit: how each call went. */
  readonly outcomes: string[]
  readonly admissions: string[]
  readonly traced: string[]
  /** Whether pieces are given out as soon as they are told of. */
  isAnswering: boolean
  /** Gives the piece out that waits. */
  answer(turn: number): Piece | undefined
  speak(turn: number, sentence: number, text: string, attempt?: number, voice?: Voice): void
  /** All sound that was given out of a turn. */
  sound(turn: number): Buffer
  /** Resolves once so many sentences of a turn are said. */
  said(turn: number, count: number): Promise<unknown>
  failed(turn: number): Promise<string>
  close(): Promise<void>
}

export interface StageOptions {
  readonly voice: SpeakingVoice
  readonly key?: string
  /** Where each vendor is reached, by its id. */
  readonly urls?: Readonly<Record<string, string>>
  readonly fallbacks?: readonly SpeakingVoice[]
  readonly audioOut?: RawFormat
  readonly parts?: Partial<MouthParts>
  readonly keys?: Readonly<Record<string, string>>
  readonly leftAlone?: readonly string[]
}

let starting: Promise<NewResampler> | undefined

export function resampling(): Promise<NewResampler> {
  starting ??= startResampling()
  return starting
}

export function voiceOf(provider: SpeechProvider, name: string, voice: string): SpeakingVoice {
  if (!provider.tts) throw new TypeError('it speaks')
  return { provider, tts: provider.tts, name, id: `${provider.id}/${name}`, voice }
}

export function speakingOf(voice: SpeakingVoice, fallbacks: readonly SpeakingVoice[] = []): LiveSpeaking {
  const asked = { language: undefined, textLanguage: undefined, speed: undefined, volume: undefined, emotion: undefined }
  return { voice, fallbacks, ...asked }
}

export function stageFor(options: StageOptions): Stage {
  const { voice, urls = {}, keys = {}, fallbacks, leftAlone = [], audioOut = { encoding: 'pcm', rate: 24_000 } } = options
  const dispatcher = new Agent()
  const [told, pieces, outcomes, admissions, traced]: [Stage['told'], Stage['pieces'], string[], string[], string[]] = [
    [],
    [],
    [],
    [],
    [],
  ]
  const clock = options.parts?.clock ?? systemClock
  const log = Fastify().log
  const inbox: { readonly turn: number; readonly event: VoiceEvent }[] = []
  let isBusy = false
  const mouth = createMouth({
    speaking: speakingOf(voice, fallbacks),
    audioOut,
    alignment: true,
    call: ({ provider: { id }, name }, signal) => ({
      model: name,
      apiKey: new Secret(keys[id] ?? 'sk-test-none'),
      baseURL: new URL(urls[id] ?? 'http://localhost'),
      signal,
      dispatcher,
      requestId: 'req_test',
      timeouts: { firstByteMs: 5000, idleMs: 5000 },
      clock,
      log,
      sockets: socketDialer(clock),
    }),
    enter: ({ provider: { id } }) => {
      if (leftAlone.includes(id)) throw new GatewayError('provider_unavailable')
      return {
        succeeded: () => void admissions.push('ok'),
        failed: (error) => void admissions.push(error instanceof GatewayError ? error.code : 'cancelled'),
      }
    },
    metrics: {
      heard: () => undefined,
      sentenceBegan: () => undefined,
      sentenceOver: (_, outcome) => void outcomes.push(typeof outcome === 'string' ? outcome : outcome.code),
      firstAudio: () => undefined,
      gaps: () => undefined,
      cacheAsked: () => undefined,
    },
    trace: {
      speech: ({ operation }) => {
        traced.push(operation)
        return {
          headers: { traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01' },
          firstSound: () => void traced.push('sound'),
          end: (outcome) => void traced.push(typeof outcome === 'string' ? outcome : outcome.code),
        }
      },
    },
    clock,
    log,
    resampling,
    listener: (turn, event) => {
      inbox.push({ turn, event })
      drain()
    },
    ...options.parts,
  })
  function drain(): void {
    if (isBusy) return
    isBusy = true
    for (let next = inbox.shift(); next; next = inbox.shift()) {
      told.push(next)
      if (next.event.type === 'sound' && stage.isAnswering) stage.answer(next.turn)
    }
    isBusy = false
  }
  const soundsOf = (turn: number) => told.flatMap(({ turn: of, event }) => (of === turn && event.type === 'sound' ? [event] : []))
  const stage: Stage = {
    mouth,
    told,
    pieces,
    outcomes,
    admissions,
    traced,
    isAnswering: true,
    answer(turn) {
      const fromMs = soundsOf(turn).at(-1)?.fromMs ?? 0
      const wasBusy = isBusy
      isBusy = true
      const piece = mouth.giveOut(turn)
      if (piece) pieces.push({ turn, piece, fromMs })
      isBusy = wasBusy
      drain()
      return piece
    },
    speak: (turn, sentence, text, attempt = 1, by = 'own') =>
      mouth.speak({ type: 'speak', turn, attempt, voice: by, sentence, text }),
    sound: (turn) => Buffer.concat(pieces.filter((each) => each.turn === turn).map(({ piece }) => piece.bytes)),
    said: (turn, count) => until(() => told.filter((each) => each.turn === turn && each.event.type === 'said').length >= count),
    failed: (turn) =>
      until(() => told.flatMap((each) => (each.turn === turn && each.event.type === 'failed' ? [each.event.message] : []))[0]),
    async close() {
      await mouth.end()
      await dispatcher.destroy()
    },
  }
  return stage
}
