import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import { GatewayError } from '../../api/error.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { startResampling } from '../../audio/resample.ts'
import { type SpeechPrices, speechCost } from '../../providers/catalogue/speech.ts'
import type { SpeechCall, SpeechProvider } from '../../providers/speech.ts'
import type { Principal } from '../auth/principal.ts'
import type { SpeechTrace } from '../tracing/index.ts'
import { type Asked, askedOf } from './asked.ts'
import { openSpeechCache, type SpeechCacheOptions } from './cache/open.ts'
import type { Calls } from './calls.ts'
import { hearingOf, speakingOf } from './check.ts'
import { type Greeting, greetingsOf } from './greetings.ts'
import { createHearing, type HearingLimits } from './hear.ts'
import { everybody, KeptSentences, operators } from './kept.ts'
import type { HearingModel, HearingPlan, SpeakingPlan, SpeakingVoice, VoiceCaller } from './plan.ts'
import type { SpeakingLimits, SpeakingParts } from './speak/parts.ts'
import { Speaker } from './speak/speaker.ts'
import { speakWhole } from './speak/whole.ts'
import { type TurnParts, type VoicePlan, VoiceTurn } from './turn.ts'
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
}

export interface VoiceAsker {
  readonly principal: Principal
  readonly headers: IncomingHttpHeaders
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
    let resampling: ReturnType<typeof startResampling> | undefined
    const startedResampling = (): ReturnType<typeof startResampling> => {
      resampling ??= startResampling()
      return resampling
    }
    const calls: Calls = {
      to: callTo,
      enter: ({ id, name }, kind) => app.breaker.enter({ id: `${id}-${kind}`, name }, baseURLs.get(id)),
    }
    const speaking: SpeakingParts = {
      calls,
      metrics: app.metrics.voice,
      clock,
      cache: isKept || greetings.length > 0 ? new KeptSentences(cache) : undefined,
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
      costOf: (model, use) => speechCost(options.prices(model), use),
    }

    app.decorate('voice', {
      turn(body, asker) {
        const asked = askedOf(body)
        return asked && new VoiceTurn(planOf(asked, asker), parts, asker.trace)
      },
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

    function planOf(asked: Asked, asker: VoiceAsker): VoicePlan {
      const issues: Issue[] = []
      let refusal: GatewayError | undefined
      const refuse = (why: GatewayError | undefined): void => {
        refusal ??= why
      }
      const hearing = hearingPlanOf(asked, asker, issues, refuse)
      const speakingPlan = speakingPlanOf(asked, asker, issues, refuse)
      return { issues, hearing, speaking: speakingPlan, refusal }
    }

    function hearingPlanOf(
      asked: Asked,
      asker: VoiceAsker,
      issues: Issue[],
      refuse: (why: GatewayError | undefined) => void,
    ): HearingPlan | undefined {
      const named = asked.sttModel === undefined ? undefined : vendors.hearing(asked.sttModel)
      if (named && isProblem(named)) {
        issues.push({ param: 'stt_model', code: named.code, message: named.message })
        return undefined
      }
      if (asked.blocks.length === 0) return undefined
      const model = named ?? usualModel ?? whoHears(asker, refuse)
      if (!model) {
        const message = 'no provider that hears is there but the demo; name one, such as demo/meter'
        issues.push({ param: 'stt_model', code: 'required', message })
        return undefined
      }
      refuse(refusalOf(model, 'stt_model', asker))
      const { plan, issues: found } = hearingOf(asked, model, options.mostBlocks)
      issues.push(...found)
      return plan
    }

    /** The first whose key is there; the first of all where there is none, of which `refuse` is told. */
    function whoHears({ principal, headers }: VoiceAsker, refuse: (why: GatewayError) => void): HearingModel | undefined {
      const [first, ...others] = vendors.usualHearing
      if (!first) return undefined
      try {
        const all = [first, ...others]
        const { service } = app.credentials.chooseKey(
          [first.provider, ...others.map(({ provider }) => provider)],
          headers,
          principal,
        )
        return all.find(({ provider }) => provider === service)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        refuse(error)
        return first
      }
    }

    function speakingPlanOf(
      { output, ttsModel }: Asked,
      asker: VoiceAsker,
      issues: Issue[],
      refuse: (why: GatewayError | undefined) => void,
    ): SpeakingPlan | undefined {
      if (!output) return undefined
      const found = vendors.speaking(output.voice, ttsModel)
      if (isProblem(found)) {
        const param = found.field === 'voice' ? 'voice.output.voice' : found.field
        issues.push({ param, code: found.code, message: found.message })
        return undefined
      }
      refuse(refusalOf(found, ttsModel === undefined ? 'voice.output.voice' : 'tts_model', asker))
      const usable = fallbacks.filter((each) => mayUse(each.id, asker))
      const { plan, issues: more } = speakingOf(output, found, usable)
      issues.push(...more)
      return plan
    }

    /** Why somebody may not be served by a model: because it is not for them, or because there is no key for it. */
    function refusalOf(
      { id, provider }: HearingModel | SpeakingVoice,
      param: string,
      asker: VoiceAsker,
    ): GatewayError | undefined {
      if (!mayUse(id, asker)) {
        const who = app.models.isAllowed(id) ? 'this key may not use' : 'the operator of this gateway does not allow'
        return new GatewayError('model_not_allowed', { param, message: `${param}: ${who} ${id.slice(0, 200)}.` })
      }
      try {
        app.credentials.keyFor(provider, asker.headers, asker.principal)
        return undefined
      } catch (error) {
        if (error instanceof GatewayError) return error
        throw error
      }
    }

    function mayUse(id: string, { principal }: VoiceAsker): boolean {
      return app.models.isAllowed(id) && principal.mayUse(id)
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
  for (const { text, plan } of greetings) {
    if (signal.aborted) return
    const caller = { principal, headers: {}, requestId: 'greetings', signal, log, times: patience }
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
