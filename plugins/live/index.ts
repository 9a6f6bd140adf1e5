import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../api/clock.ts'
import type { LiveLimits } from '../../api/schemas.gen.ts'
import type { VoiceCaller } from '../voice/plan.ts'
import { checkAsking } from './asker/check.ts'
import { createAsker } from './asker/index.ts'
import type { LiveCaller } from './caller.ts'
import type { LiveLine, SessionHello, SessionPlace } from './door/open.ts'
import { checkVersion, type LiveAsker, type PlanParts, planSession, planUpdate } from './door/plan.ts'
import type { RuleSettings } from './door/plan-rules.ts'
import type { AskingSettings } from './door/plan-tools.ts'
import { LiveDriver } from './driver.ts'
import { createEars, type EarsParts } from './ears/create-ears.ts'
import { LiveSession } from './live-session.ts'
import { createMouth } from './mouth/create.ts'
import type { MouthParts } from './mouth/parts.ts'
import type { LivePlan } from './plan.ts'
import { Recorder } from './recording/recorder.ts'
import { reduceLive } from './reduce.ts'
import { defaultLimits } from './rules.ts'
import { openSessionOwners, type SessionOwnersOptions } from './sessions/open-owners.ts'
import { Outbox } from './sessions/outbox.ts'
import type { RedisSessionOwnersOptions } from './sessions/redis-owners.ts'
import { HeldSessions } from './sessions/sessions.ts'
import type { Transport } from './transport.ts'
import { SessionVoiceCost } from './voice-cost.ts'
import { SessionWatch } from './watch.ts'

export interface LiveOptions {
  readonly version: string
  readonly settings: RuleSettings & AskingSettings
  /** The largest message of a client, in bytes, and how many may come a second, lastingly. */
  readonly messageBytes: number
  readonly messagesPerSecond: number
  readonly owners: Pick<SessionOwnersOptions, 'given'> & {
    readonly redis: Omit<RedisSessionOwnersOptions, 'clock' | 'log'> | undefined
  }
  /** Where records of sessions are kept; undefined where none are. */
  readonly records: { readonly folder: string; readonly withSound: boolean } | undefined
  readonly logsTranscripts: boolean
  readonly clock: Clock
}

/** Conversations with models, spoken. */
export const live = fp(
  async (app: FastifyInstance, options: LiveOptions) => {
    const { clock, settings } = options
    const { given, redis } = options.owners
    const owners = await openSessionOwners({ given, redis: redis && { ...redis, clock, log: app.log }, clock })
    const sessions = new HeldSessions<LiveSession>({ owners, clock })
    const planning: PlanParts = {
      voice: app.voice,
      models: app.models,
      settings,
      checkAsking: (asking, messages, asker) => checkAsking(app, asking, messages, asker),
    }
    const limits: LiveLimits = {
      message_bytes: options.messageBytes,
      audio_frame_bytes: defaultLimits.micFrameBytes,
      messages_per_second: options.messagesPerSecond,
      text_characters: defaultLimits.maxUserCharacters,
      resume_ms: settings.resumeMs,
      idle_ms: settings.idleMs,
      total_ms: settings.totalMs,
      unplayed_ms: defaultLimits.aheadMs,
    }

    app.decorate('live', { open })
    app.drain.add({ end: (withinMs) => sessions.drainAll(withinMs) })
    // Before the door closes the sockets of all that are left, which are to be told why.
    let closed: Promise<void> | undefined
    app.addHook('preClose', (done) => {
      closed = sessions.close()
      done()
    })
    app.addHook('onClose', () => closed)

    async function open(hello: SessionHello, caller: LiveCaller, transport: Transport, place: SessionPlace): Promise<LiveLine> {
      checkVersion(hello)
      if (hello.resume) return resume(hello.resume, caller, transport)
      const asker: LiveAsker = { ...caller, isMsgpack: transport.isMsgpack }
      const plan = await planSession(hello, asker, planning)
      const session = begun(plan, caller, asker, place)
      return session.begin(transport, tokenFor(session))
    }

    function tokenFor(session: LiveSession): string {
      try {
        return sessions.add(session)
      } catch (error) {
        void session.driver.close()
        throw error
      }
    }

    async function resume(
      { session_id: sessionId, token, last_server_seq: lastServerSeq }: NonNullable<SessionHello['resume']>,
      caller: LiveCaller,
      transport: Transport,
    ): Promise<LiveLine> {
      try {
        const line = await sessions.claim({ sessionId, token, lastServerSeq }, caller.principal, (session, next) =>
          session.resume(transport, next, lastServerSeq),
        )
        app.metrics.live.resumed('ok')
        return line
      } catch (error) {
        app.metrics.live.resumed(app.toGatewayError(error))
        throw error
      }
    }

    function begun(plan: LivePlan, caller: LiveCaller, asker: LiveAsker, place: SessionPlace): LiveSession {
      const { log, principal, sessionId: id } = caller
      const outbox = new Outbox()
      const recorder = options.records && new Recorder({ ...options.records, session: traced(plan, id), clock, log })
      const measured = app.metrics.live.opened()
      const beganAt = clock.now()
      const ears = earsOf(plan, caller)
      const driver = new LiveDriver({
        plan,
        reduce: reduceLive,
        clock,
        log,
        outbox,
        ears: ears && ((listener) => createEars(ears, listener)),
        mouth: (listener) => createMouth({ ...mouthOf(plan, caller), listener }),
        asker: (listener) => createAsker(app, plan.asking, caller, listener, clock),
        cost: new SessionVoiceCost({
          costOf: app.voice.costOf,
          reserve: (amounts) => app.limits.sessions.reserve(principal, amounts),
          metrics: app.metrics,
          onRefused: ({ type: errorType, code, message }) => driver.take({ type: 'over-limit', errorType, code, message }),
          onError: (err) => log.error({ err }, 'what voice costs could not be charged'),
        }),
        watch: new SessionWatch({
          metrics: app.metrics.live,
          log,
          recorder,
          logsTranscripts: options.logsTranscripts,
          plan,
        }),
        onOver(reason) {
          sessions.over(session)
          measured.ended(reason, (clock.now() - beganAt) / 1000)
          void ended().catch((err: unknown) => log.error({ err }, 'a live session could not be closed'))
        },
      })
      const session = new LiveSession({
        id,
        principal,
        plan,
        driver,
        outbox,
        sessions,
        limits,
        sizes: caller.allotment.sizes,
        checkContent: (content, { asking }) => checkAsking(app, asking, [{ role: 'user', content }], asker),
        planUpdate: (update, before) => planUpdate(update, before, asker, planning),
        toGatewayError: app.toGatewayError,
        onLost: () => measured.lost(),
        onBack: () => measured.back(),
      })
      return session

      /** What runs for it ends before somebody else may have its place. */
      async function ended(): Promise<void> {
        try {
          await Promise.all([driver.close(), recorder?.close()])
        } finally {
          sessions.remove(session)
          place.release()
        }
      }
    }

    function traced(plan: LivePlan, session: string) {
      return { session, gateway: options.version, beganAt: clock.wallclock(), plan }
    }

    function earsOf({ hearing, audioIn, rules }: LivePlan, caller: LiveCaller): EarsParts | undefined {
      return (
        hearing &&
        audioIn && {
          hearing,
          audioIn,
          calls: app.voice.calls,
          caller: voiceCallerOf(caller),
          metrics: app.metrics.voice,
          clock,
          resampling: app.voice.resampling,
          keptMs: rules.limits.sttKeptMs,
        }
      )
    }

    function mouthOf({ speaking, audioOut, features }: LivePlan, caller: LiveCaller): Omit<MouthParts, 'listener'> {
      const { calls, resampling } = app.voice
      return {
        speaking,
        audioOut,
        alignment: features.want_alignment,
        resampling,
        call: ({ provider, name }, signal) => calls.to(provider, name, { ...voiceCallerOf(caller), signal }, signal),
        enter: ({ provider }) => calls.enter(provider, 'tts'),
        metrics: app.metrics.voice,
        trace: caller.trace,
        clock,
        log: caller.log,
      }
    }
  },
  {
    name: 'live',
    dependencies: ['messages', 'runs', 'voice', 'models', 'limits', 'auth', 'metrics', 'lifetime', 'errors'],
  },
)

/** On whose behalf vendors hear and speak; until when is for each call to say. */
function voiceCallerOf({ principal, headers, requestId, log, trace, allotment }: LiveCaller): Omit<VoiceCaller, 'signal'> {
  return { principal, headers, requestId, log, trace, times: allotment.times }
}
