import { type Clock, sleep } from '../../api/clock.ts'
import { within } from '../../api/deadline.ts'
import { causeOf, type ErrorCode, GatewayError, isErrorCode } from '../../api/error.ts'
import type { ErrorType, Transcript as HeardBlock, Issue } from '../../api/schemas.gen.ts'
import { type Steps, stepBytes } from '../../audio/steps.ts'
import type { AudioFile, SpeechCall, SttOptions, Transcript } from '../../providers/speech.ts'
import type { Admission } from '../breaker/index.ts'
import type { Egress } from '../egress/index.ts'
import type { VoiceMetrics, VoiceOutcome } from '../metrics/voice.ts'
import type { SpeechCallTrace } from '../tracing/index.ts'
import type { Calls } from './calls.ts'
import { blockTooLong, HeardLength, type LengthLimits, togetherTooLong } from './length.ts'
import { HearingMeter } from './meter.ts'
import { mostSecondsOfBytes } from './need.ts'
import { createPaced, type Paced } from './paced.ts'
import { inParallel } from './parallel.ts'
import { type Resampling, rawPieces, reducedFile } from './pieces.ts'
import type { HearingModel, HearingPlan, SoundBlock, VoiceCaller } from './plan.ts'
import { badSound, badSounds, soundOf } from './sound.ts'
import { type Way, wayOf } from './way.ts'

/** The sound of a request's blocks becomes text. The meter counts what was sent to be heard, also of a request that fails. */
export type Hearing = (plan: HearingPlan, caller: VoiceCaller, meter?: HearingMeter) => Promise<Heard>

export interface Heard {
  /** In the plan's order. */
  readonly transcripts: readonly HeardBlock[]
  /** Of all sound: as the vendor counts it, else as its files tell. */
  readonly seconds: number
}

export interface HearingParts {
  readonly calls: Calls
  readonly metrics: VoiceMetrics
  readonly clock: Clock
  readonly fetchPublic: Egress['fetchPublic']
  readonly resampling: Resampling
  readonly limits: HearingLimits
}

export interface HearingLimits extends LengthLimits {
  /** How many blocks are fetched, and heard, at a time. Together those that are fetched are no larger than so many of the largest. */
  readonly parallel: number
  /** The largest file. */
  readonly blockBytes: number
  /** How long fetching a block may take, and then hearing it with all tries, in milliseconds. */
  readonly ms: number
}

/**
 * Nothing is sent to the vendor before all blocks were looked at; those whose sound is no good are told together, as `invalid_request`. After
 * that the first block that fails ends the others.
 *
 * Throws a `GatewayError` that names the block in `param` (but for one that names a header), of the status that its own failure has, and the
 * caller's reason where the caller has left.
 */
export function createHearing(parts: HearingParts): Hearing {
  const paced = createPaced()
  return async (plan, caller, meter = new HearingMeter()) => {
    const sounds = await soundsOf(plan, parts, paced, caller.signal)
    const length = new HeardLength(parts.limits)
    const heard = await inParallel(sounds, parts.limits.parallel, caller.signal, async (sound, signal) => {
      const transcript = await namingBlock(sound.block, signal, () => hearSound(sound, plan, caller, parts, meter, signal))
      const problem = length.add(sound, transcript, plan.model)
      if (problem) throw badSounds([problem])
      return { sound, transcript, seconds: transcript.seconds ?? sound.file.seconds }
    })
    return {
      transcripts: heard.map(({ sound, transcript: { text, language }, seconds }) => ({
        param: sound.block.param,
        text,
        model: plan.model.id,
        ...(language !== undefined && { language }),
        ...(seconds !== undefined && { seconds }),
      })),
      seconds: heard.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
    }
  }
}

// ── Looking at the sound ────────────────────────────────────────────────────────────────────────────────────────────────

interface Sound {
  readonly block: SoundBlock
  readonly file: AudioFile
  readonly way: Way
}

async function soundsOf(plan: HearingPlan, parts: HearingParts, paced: Paced, outer: AbortSignal): Promise<Sound[]> {
  const { limits } = parts
  let fetchedBytes = 0
  const judged = await inParallel(plan.blocks, limits.parallel, outer, async (block, signal) => {
    const bytes = await namingBlock(block, signal, () => bytesOf(block, parts, paced, signal))
    if (block.source.type === 'url') {
      fetchedBytes += bytes.length
      const most = limits.parallel * limits.blockBytes
      if (fetchedBytes > most) throw badSound(block, 'too_large', `all URLs together give more than ${most} bytes`)
    }
    return await paced(judge(block, bytes, plan.model, limits), signal)
  })
  const issues = judged.flatMap((each): readonly Issue[] => ('issues' in each ? each.issues : []))
  const sounds = judged.flatMap((each) => ('issues' in each ? [] : [each]))
  const together = togetherTooLong(sounds, limits)
  if (together) issues.push(together)
  if (issues.length > 0) throw badSounds(issues)
  return sounds
}

async function bytesOf(
  { source }: SoundBlock,
  { fetchPublic, limits }: HearingParts,
  paced: Paced,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (source.type === 'base64') return await paced(decoded(source.data), signal)
  const { status, body } = await fetchPublic(source.url, {
    signal,
    maxBytes: limits.blockBytes,
    skipFailures: true,
    timeoutMs: limits.ms,
    redirects: mostRedirects,
    accept: 'audio/*, */*;q=0.5',
  })
  if (status >= 200 && status <= 299) return plain(body)
  throw new GatewayError('fetch_failed', { message: `The URL was answered with HTTP ${status}.` })
}

/** The bytes of base64 that was found to be well-formed: four characters are three bytes wherever they stand. */
function* decoded(data: string): Steps<Uint8Array> {
  const buffer = Buffer.from(new ArrayBuffer(Math.ceil(data.length / 4) * 3))
  let length = 0
  for (let at = 0; at < data.length; at += stepBytes) {
    length += buffer.write(data.slice(at, at + stepBytes), length, 'base64')
    yield
  }
  return plain(buffer.subarray(0, length))
}

/** The same bytes: a Buffer's own `slice` gives no copy, which whoever reads samples counts on. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

const mostRedirects = 5

/** What is wrong with the sound of a block, told as `soundOf` and `wayOf` do; or how it will be heard. */
function* judge(
  block: SoundBlock,
  bytes: Uint8Array,
  model: HearingModel,
  limits: HearingLimits,
): Steps<Sound | { readonly issues: readonly Issue[] }> {
  try {
    const { blockBytes } = limits
    if (bytes.length > blockBytes)
      throw badSound(block, 'too_large', `has ${bytes.length} bytes; at most ${blockBytes} are allowed`)
    const file = yield* soundOf(block, bytes)
    const problem = blockTooLong({ block, file }, limits)
    return problem ? { issues: [problem] } : { block, file, way: wayOf(block, file, model) }
  } catch (error) {
    if (error instanceof GatewayError && error.issues) return { issues: error.issues }
    throw error
  }
}

// ── Hearing it ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function hearSound(
  { block, file, way }: Sound,
  { model, hints }: HearingPlan,
  caller: VoiceCaller,
  parts: HearingParts,
  meter: HearingMeter,
  signal: AbortSignal,
): Promise<Transcript> {
  const { calls, clock, limits, resampling } = parts
  const options = { language: block.language, hints }
  const transcript = await within(
    clock,
    limits.ms,
    signal,
    () => late(model, limits.ms),
    async (end) => {
      const call = calls.to(model.provider, model.name, caller, end)
      const sent = way.type === 'reduced' ? await reducedFile(way.wav, way.rate, resampling, end) : file
      const begin = (): SpeechCallTrace | undefined =>
        caller.trace?.speech({ operation: 'transcribe', provider: model.provider, model: model.name, baseURL: call.baseURL })
      const sentSeconds = file.seconds ?? Math.min(limits.blockSeconds, mostSecondsOfBytes(file.bytes.length))
      return await persist(model, caller, parts, end, file.seconds, begin, (traced) =>
        metered(meter, sentSeconds, end, () =>
          ask(way, sent, options, traced ? { ...call, trace: traced.headers } : call, resampling),
        ),
      )
    },
  )
  const text = transcript.text.trim()
  if (text.length > longestTranscript) throw endless(model)
  if (text === '') throw badSound(block, 'no_speech', `no speech was heard in it by ${model.id}`)
  return { ...transcript, text }
}

/** A vendor that fails has heard nothing; one that is left in the middle may well have heard all of it. */
async function metered(
  meter: HearingMeter,
  sentSeconds: number,
  signal: AbortSignal,
  run: () => Promise<Transcript>,
): Promise<Transcript> {
  const heard = meter.begin(sentSeconds)
  try {
    const transcript = await run()
    heard(transcript.seconds ?? sentSeconds)
    return transcript
  } catch (error) {
    if (!signal.aborted) heard(0)
    throw error
  }
}

/** In UTF-16 units; more than anybody says in a day. */
const longestTranscript = 1_000_000

/** Asks once more where that may well help. */
async function persist(
  { provider }: HearingModel,
  caller: VoiceCaller,
  { calls, metrics, clock }: HearingParts,
  signal: AbortSignal,
  fileSeconds: number | undefined,
  begin: () => SpeechCallTrace | undefined,
  run: (traced: SpeechCallTrace | undefined) => Promise<Transcript>,
): Promise<Transcript> {
  let failure: GatewayError | undefined
  for (;;) {
    const admission = admitted(() => calls.enter(provider, 'stt'), failure)
    const startedAt = clock.now()
    const traced = begin()
    const heard = (outcome: VoiceOutcome, seconds?: number): void => {
      metrics.heard(provider.id, outcome, (clock.now() - startedAt) / 1000, seconds)
      traced?.end(outcome, { seconds })
    }
    try {
      const transcript = await run(traced)
      admission.succeeded()
      heard('ok', transcript.seconds ?? fileSeconds)
      return transcript
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error
      admission.failed(reason)
      heard(outcomeOf(reason, signal))
      signal.throwIfAborted()
      const waitMs = failure ? undefined : waitBefore(error)
      if (waitMs === undefined || !(error instanceof GatewayError)) throw error
      caller.log.warn({ provider: provider.id, code: error.code, cause: causeOf(error) }, 'hearing failed and is tried again')
      failure = error
      await sleep(clock, waitMs, signal)
    }
  }
}

/** A vendor that is left alone only after it failed has failed for the reason it gave itself. */
function admitted(enter: () => Admission, failure: GatewayError | undefined): Admission {
  try {
    return enter()
  } catch (refusal) {
    throw failure ?? refusal
  }
}

/** Whoever ends it gives a reason of their own; that of the vendor who was too slow is an error like others. */
function outcomeOf(reason: unknown, signal: AbortSignal): VoiceOutcome {
  if (reason instanceof GatewayError) return reason
  return signal.aborted ? 'cancelled' : new GatewayError('internal_error')
}

/** Milliseconds; undefined where asking again is of no use, or the vendor wants to be left alone for longer than somebody who speaks waits. */
function waitBefore(error: unknown): number | undefined {
  if (!(error instanceof GatewayError) || error.recovery !== 'again') return undefined
  const hintMs = error.retryAfter === undefined ? usualWaitMs : error.retryAfter * 1000
  return hintMs <= longestWaitMs ? hintMs : undefined
}

const usualWaitMs = 200
const longestWaitMs = 2000

async function ask(
  way: Way,
  file: AudioFile,
  options: SttOptions,
  call: SpeechCall,
  resampling: Resampling,
): Promise<Transcript> {
  if (way.type !== 'stream') return await way.stt.transcribeFile(file, options, call)
  const { stt, wav, format } = way
  let text = ''
  let language: string | undefined
  let seconds: number | undefined
  for await (const event of stt.transcribe(rawPieces(wav, format, resampling), format, options, call)) {
    if (event.type === 'done') seconds = event.seconds
    if (event.type !== 'final') continue
    text += event.text
    language ??= event.language
    if (text.length > longestTranscript) break
  }
  return { text, ...(language !== undefined && { language }), ...(seconds !== undefined && { seconds }) }
}

// ── Failures ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function late({ provider }: HearingModel, ms: number): GatewayError {
  const message = `${provider.name} has not heard the sound within ${ms / 1000} seconds.`
  return new GatewayError('provider_timeout', { message, providerError: { provider: provider.id } })
}

function endless({ provider }: HearingModel): GatewayError {
  const message = `${provider.name} heard more than ${longestTranscript} characters.`
  return new GatewayError('provider_protocol', { message, providerError: { provider: provider.id } })
}

/** A failure says which block it is of, in its message and its `param`; one that has a `param` keeps it: it is the header that is missing. */
async function namingBlock<Result>({ param }: SoundBlock, signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof GatewayError && error.param !== param ? named(error, param) : error
  }
}

function named(error: GatewayError, param: string): GatewayError {
  const { code, type, retryAfter, issues, providerError, recovery } = error
  return new GatewayError(isErrorCode(code) ? code : baseOf[type], {
    code,
    message: `${param}: ${error.message}`,
    param: error.param ?? param,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(issues && { issues }),
    ...(providerError && { providerError }),
    recovery,
    cause: error.cause ?? error,
  })
}

/** What has the type and the status of a failure whose own code is none of the catalogue's. */
const baseOf = {
  invalid_request_error: 'invalid_request',
  authentication_error: 'provider_authentication',
  permission_error: 'provider_permission',
  not_found_error: 'provider_not_found',
  rate_limit_error: 'provider_rate_limit',
  timeout_error: 'provider_timeout',
  overloaded_error: 'provider_overloaded',
  provider_error: 'provider_error',
  api_error: 'internal_error',
} as const satisfies Readonly<Record<ErrorType, ErrorCode>>
