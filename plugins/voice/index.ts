import { createHash } from 'node:crypto'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import { type NewResampler, startResampling } from '../../audio/resample.ts'
import { type SpeechPrices, type SpeechUse, speechCost } from '../../providers/catalogue/speech.ts'
import type { SpeechCall, SpeechProvider } from '../../providers/speech.ts'
import type { SpeechTrace } from '../tracing/index.ts'
import { askedOf } from './asked.ts'
import { openSpeechCache, type SpeechCacheOptions } from './cache/open.ts'
import type { Calls } from './calls.ts'
import { type Greeting, greetingsOf } from './greetings.ts'
import { createHearing, type HearingLimits } from './hear.ts'
import { everybody, KeptSentences, operators } from './kept.ts'
import type { PlanAsker } from './obstacles.ts'
import type { HearingModel, SpeakingVoice, VoiceCaller } from './plan.ts'
import { type PlanRules, planOf } from './planning.ts'
import { type AskedSession, type SessionVoices, sessionVoicesOf } from './session-planning.ts'
import type { SpeakingLimits, SpeakingParts } from './speak/parts.ts'
import { Speaker } from './speak/speaker.ts'
import { speakWhole } from './speak/whole.ts'
import { type TurnParts, VoiceTurn } from './turn.ts'
import { isProblem, type NameProblem, Vendors } from './vendors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    voice: Voice
  }
}

/** What is said to a model is heard, and what it answers is spoken. */
export interface Voice {
  /** What a body of `POST /v1/messages`, which nobody has vouched for yet, asks of voice; undefined for nothing. */
  turn(body: unknown, asker: VoiceAsker): VoiceTurn | undefined
  /** Who hears and who speaks where people talk with a model, and what stands in the way of that. */
  session(asked: AskedSession, asker: PlanAsker): SessionVoices
  /** How vendors are called. */
  readonly calls: Calls
  /** What makes resamplers; started with the first that asks for it. */
  resampling(): Promise<NewResampler>
  /** In US dollars; undefined where there is no price. `model` is `provider/model`. */
  costOf(model: string, use: SpeechUse): number | undefined
}

export interface VoiceAsker extends PlanAsker {
  /** The trace that the request belongs to. */
  readonly trace: SpeechTrace | undefined
}

export interface VoiceOptions {
  readonly providers: readonly SpeechProvider[]
  readonly baseURLs: ReadonlyMap<string, URL>
  /** What a model asks for, by its full id. */
  readonly prices: (model: string) => SpeechPrices | undefined
  /** `provider/model`; undefined where whoever has a key hears. */
  readonly sttModel: string | undefined
  /** Voices that go on where another fails, as `provider/voice`. */
  readonly fallbacks: readonly string[]
  /** The operator's, unread. */
  readonly greetings: unknown
  readonly mostBlocks: number
  readonly hearing: HearingLimits
  readonly speaking: SpeakingLimits
  /** Undefined where nothing is kept. */
  readonly cache: Omit<SpeechCacheOptions, 'redis'> & {
    readonly redis: Omit<NonNullable<SpeechCacheOptions['redis']>, 'log' | 'clock'> | undefined
    /** Whether tenants share what is kept. */
    readonly isShared: boolean
  }
  readonly clock: Clock
}

export const voice = fp(
  async (app: FastifyInstance, options: VoiceOptions) => {
    const { clock, baseURLs, cache: cacheOptions } = options
    const vendors = new Vendors(options.providers)
    const usualModel =
      options.sttModel === undefined ? undefined : configured<HearingModel>(vendors.hearing(options.sttModel), 'stt_model')
    const fallbacks = options.fallbacks.map((each) =>
      configured<SpeakingVoice>(vendors.speaking(each, undefined), 'voice_fallbacks'),
    )
    const keyHeaders = options.providers.flatMap(({ upstream }) => upstream?.keyHeader.toLowerCase() ?? [])
    const greetings = greetingsOf(options.greetings, vendors)
    const isKept = cacheOptions.memoryBytes > 0 || cacheOptions.redis !== undefined
    const redis = cacheOptions.redis && { ...cacheOptions.redis, clock, log: app.log }
    const cache = isKept ? await openSpeechCache({ memoryBytes: cacheOptions.memoryBytes, redis }) : undefined
    const closing = new AbortController()
    app.addHook('onClose', async () => {
      closing.abort(new GatewayError('shutting_down'))
      cache?.close()
    })

    // Started with the first sound that needs it, and once: it takes memory that most never need.
    let resampling: Promise<NewResampler> | undefined
    const startedResampling = (): Promise<NewResampler> => {
      resampling ??= startResampling()
      return resampling
    }
    const costOf = (model: string, use: SpeechUse): number | undefined => speechCost(options.prices(model), use)
    const calls: Calls = {
      to: callTo,
      enter: ({ id, name }, kind) => app.breaker.enter({ id: `${id}-${kind}`, name }, baseURLs.get(id)),
    }
    const speaking: SpeakingParts = {
      calls,
      metrics: app.metrics.voice,
      clock,
      cache: isKept || greetings.length > 0 ? new KeptSentences(cache, baseURLs) : undefined,
      resampling: startedResampling,
      limits: options.speaking,
    }
    const parts: TurnParts = {
      hear: createHearing({
        calls,
        metrics: app.metrics.voice,
        clock,
        fetchPublic: app.egress.fetchPublic,
        resampling: startedResampling,
        limits: options.hearing,
      }),
      speaking,
      scopeOf: (caller) => (cacheOptions.isShared ? everybody : scopeOf(caller, keyHeaders)),
      costOf,
      mostSeconds: options.hearing.totalSeconds,
    }

    const rules: PlanRules = {
      vendors,
      usualModel,
      fallbacks,
      mostBlocks: options.mostBlocks,
      isAllowed: (model) => app.models.isAllowed(model),
      credentials: app.credentials,
    }
    app.decorate('voice', {
      turn(body, asker) {
        const asked = askedOf(body)
        return asked && new VoiceTurn(planOf(asked, asker, rules), parts, asker.trace)
      },
      session: (asked, asker) => sessionVoicesOf(asked, asker, rules),
      calls,
      resampling: startedResampling,
      costOf,
    })

    app.addHook('onReady', async () => {
      // Not waited for: a vendor that cannot be reached is no reason not to start.
      void speakGreetings(greetings, speaking, { log: app.log, signal: closing.signal, clock })
    })

    function callTo(
      vendor: Pick<SpeechProvider, 'id' | 'name' | 'upstream'>,
      model: string,
      caller: VoiceCaller,
      signal: AbortSignal,
    ): SpeechCall {
      const { requestId, log, times } = caller
      return {
        model,
        apiKey: app.credentials.keyFor(vendor, caller.headers, caller.principal),
        baseURL: baseURLs.get(vendor.id) ?? noURL,
        signal,
        dispatcher: app.egress.operator,
        sockets: app.egress.sockets,
        requestId,
        timeouts: times,
        clock,
        log,
      }
    }
  },
  { name: 'voice', dependencies: ['messages', 'models', 'credentials', 'egress', 'breaker', 'metrics'] },
)

/** For vendors that are part of the gateway and call nobody. */
const noURL = new URL('http://localhost')

/**
 * Tenants are apart, and so are keys without a tenant; whoever has no key shares with others who have none. Who brings keys of vendors
 * has what was spoken with these alone: what one of them paid for is nothing that a wrong key gets.
 */
function scopeOf({ principal: { tenant, keyId }, headers }: VoiceCaller, keyHeaders: readonly string[]): string {
  const who = tenant === undefined ? (keyId === undefined ? 'anonymous' : `key:${keyId}`) : `tenant:${tenant}`
  const brought = keyHeaders.flatMap((name) => headers[name] ?? [])
  return brought.length === 0 ? who : `${who} ${createHash('sha256').update(JSON.stringify(brought)).digest('hex')}`
}

function configured<Found>(found: Found | NameProblem, setting: string): Found {
  if (isProblem(found)) throw new Error(`${setting}: ${found.message}`)
  return found
}

interface GreetingsCaller {
  readonly log: FastifyBaseLogger
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** Speaks each as streams and as whole answers do, which part a text in other places, so that either finds it. */
async function speakGreetings(
  greetings: readonly Greeting[],
  speaking: SpeakingParts,
  { log, signal, clock }: GreetingsCaller,
): Promise<void> {
  const principal = { providerKey: () => undefined, tenant: undefined, keyId: undefined }
  for (const [greeting, { text, plan }] of greetings.entries()) {
    if (signal.aborted) return
    const caller = { principal, headers: {}, requestId: 'greetings', signal, log: log.child({ greeting }), times: patience }
    const answer = { plan, caller, scope: operators, requestStartedAt: clock.now() }
    try {
      await speakWhole([{ type: 'text', text }], speaking, answer)
      const speaker = new Speaker(speaking, answer)
      speaker.push(text)
      speaker.end()
      for (let event = await speaker.next(); event; event = await speaker.next());
    } catch (err) {
      if (!signal.aborted) log.warn({ err }, 'a greeting could not be spoken in advance')
    }
  }
}

const patience = { firstByteMs: 60_000, idleMs: 60_000, answerMs: 600_000 }
