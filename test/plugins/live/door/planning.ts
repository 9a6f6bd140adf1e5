import { GatewayError } from '../../../../api/error.ts'
import type { LiveHello, LiveSessionUpdate } from '../../../../api/schemas.gen.ts'
import { Secret } from '../../../../api/secret.ts'
import type { Principal } from '../../../../plugins/auth/principal.ts'
import { checkAsking } from '../../../../plugins/live/asker/check.ts'
import { type LiveAsker, type PlanParts, planSession, planUpdate } from '../../../../plugins/live/door/plan.ts'
import type { LivePlan } from '../../../../plugins/live/plan.ts'
import { type Gateway, startGateway } from '../../../gateway.ts'
import { anybody } from '../anybody.ts'

/** Sessions planned by a gateway that runs. */
export interface Planning {
  readonly gateway: Gateway
  /** Of a hello with the demo's model and voice, where that says nothing of them. */
  plan(hello?: Partial<LiveHello>, as?: AskerOptions): Promise<LivePlan>
  planOf(hello: LiveHello, as?: AskerOptions): Promise<LivePlan>
  update(update: Omit<LiveSessionUpdate, 'type'>, plan: LivePlan): Promise<LivePlan>
  close(): Promise<void>
}

export interface AskerOptions {
  readonly isMsgpack?: boolean
  readonly headers?: LiveAsker['headers']
  readonly principal?: Partial<Principal>
  readonly checkAsking?: PlanParts['checkAsking']
}

export const settings: PlanParts['settings'] = {
  speechGate: 'lenient',
  mostToolMs: 120_000,
  mostToolCalls: 50,
  resumeMs: 20_000,
  idleMs: 60_000,
  totalMs: 600_000,
  drainMs: 5000,
}

export const pcm16 = { encoding: 'pcm_s16le', sample_rate_hz: 16_000 } as const

export async function startPlanning(options: Parameters<typeof startGateway>[0] = {}): Promise<Planning> {
  const gateway = await startGateway(options)
  const { app } = gateway
  const { voice, models, limits } = app
  const parts: PlanParts = {
    voice,
    models,
    settings,
    checkAsking: (asking, messages, asker) => checkAsking(app, asking, messages, asker),
  }
  const askerOf = ({ isMsgpack = false, headers = {}, principal = {} }: AskerOptions): LiveAsker => {
    const somebody = { ...anybody, ...principal }
    return { principal: somebody, headers, allotment: limits.sessions.allotmentOf(somebody), isMsgpack }
  }
  const planOf = (hello: LiveHello, { checkAsking: check = parts.checkAsking, ...asker }: AskerOptions = {}): Promise<LivePlan> =>
    planSession(hello, askerOf(asker), { ...parts, checkAsking: check })
  return {
    gateway,
    plan: (hello, asker) => planOf({ ...usual, ...hello }, asker),
    planOf,
    update: (update, plan) => planUpdate({ type: 'session_update', ...update }, plan, askerOf({}), parts),
    close: () => gateway.close(),
  }
}

/** What is wrong: each issue's field and code, or the code of the refusal alone. */
export async function problemsOf(planned: Promise<unknown>): Promise<readonly (string | undefined)[]> {
  const error = await errorOf(planned)
  return error.issues?.map(({ param, code }) => `${param}: ${code}`) ?? [error.code]
}

export async function errorOf(planned: Promise<unknown>): Promise<GatewayError> {
  const error: unknown = await planned.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof GatewayError)) throw new TypeError('nothing is wrong with it', { cause: error })
  return error
}

/** A tool of the client. */
export const ownTool = (name: string) => ({ name, input_schema: { type: 'object' } }) as const

export const deepgramKey = 'sk-test-deepgram'
export const tenantKey = new Secret('sk-test-tenant')

const usual: LiveHello = { type: 'hello', protocol_version: '1', model: 'demo/echo', tts: { voice: 'demo/soft' } }
