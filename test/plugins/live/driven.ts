import Fastify from 'fastify'
import type { MessageParam } from '../../../api/schemas.gen.ts'
import { LiveDriver } from '../../../plugins/live/driver.ts'
import { LiveSession } from '../../../plugins/live/live-session.ts'
import type { LivePlan } from '../../../plugins/live/plan.ts'
import { reduceLive } from '../../../plugins/live/reduce.ts'
import { MemorySessionOwners } from '../../../plugins/live/sessions/memory-owners.ts'
import { Outbox } from '../../../plugins/live/sessions/outbox.ts'
import { HeldSessions } from '../../../plugins/live/sessions/sessions.ts'
import { SessionVoiceCost } from '../../../plugins/live/voice-cost.ts'
import { type SessionRecorder, SessionWatch } from '../../../plugins/live/watch.ts'
import { ManualClock } from '../../manual-clock.ts'
import type { Planning } from './door/planning.ts'
import { type JoiningClient, TestLine } from './joining-client.ts'
import { QuietEars, ScriptedAsker, ScriptedMouth } from './scripted-engines.ts'
import { toldLimits } from './told-limits.ts'

/** A session as it is, with its driver, its teller and its outbox; who hears, asks and speaks in it are simulated, and the clock stands still. */
export class Driven {
  readonly clock = new ManualClock()
  readonly session: LiveSession
  readonly sessions: HeldSessions<LiveSession>
  readonly driver: LiveDriver
  readonly asker: ScriptedAsker
  readonly mouth: ScriptedMouth
  readonly ears: QuietEars
  /** What was logged as an error. */
  readonly errors: string[] = []
  /** Why it is over. */
  over: string | undefined
  token: string

  constructor(planning: Planning, plan: LivePlan, { answers, recorder }: DrivenOptions = {}) {
    const { clock } = this
    const outbox = new Outbox()
    const { log } = Fastify({ logger: { level: 'warn', stream: { write: (line) => void this.errors.push(line) } } })
    this.asker = new ScriptedAsker(clock, answers)
    this.mouth = new ScriptedMouth(clock)
    this.ears = new QuietEars()
    const { metrics, voice } = planning.gateway.app
    this.sessions = new HeldSessions({ owners: new MemorySessionOwners({ clock }), clock })
    this.driver = new LiveDriver({
      plan,
      reduce: reduceLive,
      clock,
      log,
      outbox,
      ears: plan.audioIn && (() => this.ears),
      mouth: (listener) => this.mouth.for(listener),
      asker: (listener) => this.asker.for(listener),
      cost: new SessionVoiceCost({
        costOf: voice.costOf,
        reserve: () => Promise.reject(new Error('nothing is charged')),
        metrics,
        onRefused: ({ type: errorType, code, message }) => this.driver.take({ type: 'over-limit', errorType, code, message }),
        onError: (error) => this.errors.push(String(error)),
      }),
      watch: new SessionWatch({
        metrics: metrics.live,
        log,
        recorder,
        logsTranscripts: false,
        plan,
      }),
      onOver: (reason) => {
        this.over = reason
        this.sessions.over(this.session)
        void this.driver.close().then(() => this.sessions.remove(this.session))
      },
    })
    this.session = new LiveSession({
      id: 'live_1',
      principal: nobody,
      plan,
      driver: this.driver,
      outbox,
      sessions: this.sessions,
      limits: toldLimits,
      sizes: { imageBytes: 1_000_000, blockBytes: 1_000_000, base64Bytes: 1_000_000, messages: 1000, textBytes: 1_000_000 },
      checkContent: () => Promise.resolve(),
      planUpdate: () => Promise.resolve(plan),
      toGatewayError: planning.gateway.app.toGatewayError,
      onLost: () => undefined,
      onBack: () => undefined,
    })
    this.token = this.sessions.add(this.session)
  }

  begin(client: JoiningClient): TestLine {
    const line = new TestLine(client)
    line.into = this.session.begin(line, this.token)
    return line
  }

  /** The client comes back with the last that it has. */
  async resume(client: JoiningClient, line = new TestLine(client)): Promise<TestLine> {
    const resume = { sessionId: 'live_1', token: client.token, lastServerSeq: client.lastSeq }
    line.into = await this.sessions.claim(resume, nobody, (session, token) => session.resume(line, token, client.lastSeq))
    return line
  }

  /** The same, with nobody who sees to it first that all is done that was due. */
  resumeAtOnce(client: JoiningClient): TestLine {
    const line = new TestLine(client)
    line.into = this.session.resume(line, this.token, client.lastSeq)
    return line
  }

  /** What the gateway sends the model next, but for what the user has not finished saying. */
  get history(): readonly MessageParam[] {
    return this.driver.conversation.history.played
  }
}

export interface DrivenOptions {
  /** What the model says, turn by turn, in sentences. */
  readonly answers?: (turn: number) => readonly string[]
  readonly recorder?: SessionRecorder
}

const nobody = { keyId: undefined, tenant: undefined }
