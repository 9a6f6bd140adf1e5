import { isRecord, parseJson } from '../../../api/json.ts'
import type { MessageParam } from '../../../api/schemas.gen.ts'
import type { Effect } from '../effects.ts'
import type { Input } from '../inputs.ts'
import type { LivePlan } from '../plan.ts'
import { defaultRules, type Rules } from '../rules.ts'

/**
 * A session as it was: all that happened to it and all that was done, as lines of JSON.
 *
 *     {"trace": "vai-live", "version": 1, …}                     the first line: what the session was to be
 *     {"input": {"at": 20, "type": "frame", …}}                  something happened, `at` milliseconds after the session began
 *     {"effects": [{"type": "hear"}, …]}                         what was done about the input before; not there where it was nothing
 *     {"sound": {"audio_ms": 0, "data_b64": "…"}}                what the microphone heard from there on, in the format of `audio_in`; where asked for
 *     {"canonical": [{"role": "user", …}, …]}                    the last but one: all that was said and called, whether anybody heard it or not
 *     {"end": true}                                              the last line: the session is over
 *     {"stopped": "too large"}                                   the last line: it went on, and is not recorded any further
 *
 * It holds what was said, what was typed and what tools answered. It holds no keys, no tokens, and nothing of the system prompt.
 */
export interface TraceHeader {
  readonly trace: 'vai-live'
  readonly version: 1
  /** The version of the gateway. */
  readonly gateway: string
  readonly session: string
  /** An ISO date. */
  readonly began_at: string
  readonly rules: Rules
  readonly features: LivePlan['features']
  readonly audio_in: LivePlan['audioIn'] | null
  readonly audio_out: LivePlan['audioOut']
  /** Full ids; null where nobody listens. */
  readonly models: { readonly model: string; readonly stt: string | null; readonly tts: string; readonly voice: string }
}

export interface TracedSession {
  readonly session: string
  readonly gateway: string
  /** Milliseconds since 1970. */
  readonly beganAt: number
  readonly plan: Pick<LivePlan, 'rules' | 'features' | 'audioIn' | 'audioOut' | 'hearing'> & {
    readonly asking: Pick<LivePlan['asking'], 'model'>
    readonly speaking: Pick<LivePlan['speaking'], 'voice'>
  }
}

export function headerLine({ session, gateway, beganAt, plan }: TracedSession): string {
  const { voice } = plan.speaking
  const header: TraceHeader = {
    trace: 'vai-live',
    version: 1,
    gateway,
    session,
    began_at: new Date(beganAt).toISOString(),
    rules: plan.rules,
    features: plan.features,
    audio_in: plan.audioIn ?? null,
    audio_out: plan.audioOut,
    models: {
      model: plan.asking.model,
      stt: plan.hearing?.model.id ?? null,
      tts: voice.id,
      voice: `${voice.provider.id}/${voice.voice}`,
    },
  }
  // A rule that is off must not look like one that was not known yet.
  return JSON.stringify(header, (_, value) => (value === undefined ? null : value))
}

/** JSON has one way to write each of these, so that they can be compared as they were written. */
export const inputLine = (input: Input): string => JSON.stringify({ input })
export const effectsLine = (effects: readonly Effect[]): string => JSON.stringify({ effects })
export const canonicalLine = (canonical: readonly MessageParam[]): string => JSON.stringify({ canonical })
export const stoppedLine = (stopped: string): string => JSON.stringify({ stopped })
export const endLine = '{"end":true}'

/** From base64, which needs no escapes. */
export function soundLine(bytes: Uint8Array, audioMs: number): string {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  return `{"sound":{"audio_ms":${audioMs},"data_b64":"${data}"}}`
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A line of a trace, with effects as they were written. */
export type TraceLine =
  | { readonly input: Input }
  | { readonly effects: readonly unknown[] }
  | { readonly sound: unknown }
  | { readonly canonical: readonly unknown[] }
  | { readonly stopped: string }
  | { readonly end: true }

/** What is wrong with a trace, in words for a person. */
export class TraceError extends Error {
  override readonly name = 'TraceError'
}

/** Throws a `TraceError` where it is no first line of a trace. */
export function readHeader(line: string): TraceHeader {
  const header = parseJson(line)
  if (!isRecord(header) || header.trace !== 'vai-live') throw new TraceError('this is no recording of a live session')
  if (header.version !== 1) throw new TraceError(`its format is version ${header.version}; this program reads version 1`)
  // What became a rule later was as usual before.
  const complete = { ...header, rules: completed(header.rules, defaultRules) }
  if (!isHeader(complete)) throw new TraceError('its first line does not say what the session was')
  return complete
}

/** Throws a `TraceError` where it is no line of a trace. */
export function readLine(line: string): TraceLine {
  const value = parseJson(line)
  if (!isRecord(value)) throw new TraceError('this is not JSON')
  if (isInput(value.input)) return { input: value.input }
  if (Array.isArray(value.effects)) return { effects: value.effects }
  if (value.sound !== undefined) return { sound: value.sound }
  if (Array.isArray(value.canonical)) return { canonical: value.canonical }
  if (typeof value.stopped === 'string') return { stopped: value.stopped }
  if (value.end === true) return { end: true }
  throw new TraceError('this is no line of a recording')
}

function isHeader(header: Record<string, unknown>): header is Record<string, unknown> & TraceHeader {
  const { gateway, session, began_at: beganAt, models } = header
  if (![gateway, session, beganAt].every((text) => typeof text === 'string')) return false
  if (!isRecord(models) || !Object.values(models).every((id) => id === null || typeof id === 'string')) return false
  return isLike(header.rules, defaultRules) && isRecord(header.features) && isRecord(header.audio_out)
}

function isInput(value: unknown): value is Input {
  if (!isRecord(value) || typeof value.at !== 'number' || typeof value.type !== 'string') return false
  return Object.hasOwn(inputs, value.type)
}

/** All there are. */
const inputs: Readonly<Record<Input['type'], true>> = {
  tick: true,
  stream: true,
  frame: true,
  energy: true,
  'stt-open': true,
  stt: true,
  'stt-failed': true,
  model: true,
  voice: true,
  mark: true,
  control: true,
  typed: true,
  'tool-result': true,
  update: true,
  greeting: true,
  lost: true,
  stalled: true,
  flowing: true,
  resumed: true,
  drain: true,
  shutdown: true,
  'over-limit': true,
}

/** With what the usual one has and it has not; null stands for undefined. */
function completed(given: unknown, usual: unknown): unknown {
  if (given === null) return undefined
  if (!isRecord(given) || !isRecord(usual)) return given === undefined ? usual : given
  const all: Record<string, unknown> = { ...usual }
  for (const [name, value] of Object.entries(given)) all[name] = completed(value, usual[name])
  return all
}

/** Whether all that the usual one has is there, of the same kind; what may be off may be anything. */
function isLike(value: unknown, usual: unknown): boolean {
  if (!isRecord(usual)) return usual === undefined || typeof value === typeof usual
  return isRecord(value) && Object.entries(usual).every(([name, each]) => isLike(value[name], each))
}
