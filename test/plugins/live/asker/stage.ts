import type { FastifyInstance } from 'fastify'
import { afterEach } from 'vitest'
import { type Clock, systemClock } from '../../../../api/clock.ts'
import type { MessageParam } from '../../../../api/schemas.gen.ts'
import type { Asker, AskerListener } from '../../../../plugins/live/asker/asker.ts'
import { createAsker } from '../../../../plugins/live/asker/index.ts'
import type { LiveCaller } from '../../../../plugins/live/caller.ts'
import type { LiveStep } from '../../../../plugins/live/history.ts'
import type { ModelEvent } from '../../../../plugins/live/inputs.ts'
import type { LiveAsking } from '../../../../plugins/live/plan.ts'
import type { Tool } from '../../../../tools/tool.ts'
import { type Gateway, startGateway } from '../../../gateway.ts'
import { anthropicKey, startAnthropic } from '../../../upstreams/anthropic.ts'
import type { AnthropicAnswer, AnthropicBlock } from '../../../upstreams/anthropic-answer.ts'
import { silence } from '../../../upstreams/behaviour.ts'
import type { Json } from '../../../upstreams/json.ts'
import type { Step } from '../../../upstreams/script.ts'
import { startUpstream, type Upstream } from '../../../upstreams/upstream.ts'
import { anybody } from '../anybody.ts'

/** An asker of a gateway before a scripted model, and all that it tells. */
export interface Stage {
  readonly gateway: Gateway
  readonly upstream: Upstream
  readonly asker: Asker
  readonly caller: LiveCaller
  readonly asking: LiveAsking
  /** What was told of a turn so far. */
  told(turn?: number): readonly ModelEvent[]
  /** Everything that was said in a turn so far. */
  said(turn?: number): string
  /** What was told to those who watch runs. */
  readonly runs: readonly Parameters<AskerListener['run']>[1][]
  /** Resolves with the first event of a turn that is so, past or to come. */
  tellsOf<Type extends ModelEvent['type']>(type: Type, turn?: number): Promise<Extract<ModelEvent, { type: Type }>>
  /** Resolves once the turn has told of its end. */
  over(turn?: number): Promise<ModelEvent>
}

export interface StageOptions {
  readonly asking?: Partial<LiveAsking>
  readonly tools?: readonly Tool[]
  readonly env?: Readonly<Record<string, string>>
  readonly keys?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly routes?: (app: FastifyInstance) => Promise<void>
  /** Who asks, where it is not just anybody. */
  readonly caller?: (caller: LiveCaller) => LiveCaller
  /** Called with everything that is told of turns, at once. */
  readonly onModel?: (asker: Asker, turn: number, event: ModelEvent) => void
}

export const claude = 'anthropic/claude-sonnet-4-5'
export const question: readonly MessageParam[] = [{ role: 'user', content: [{ type: 'text', text: 'How is the weather?' }] }]

/** Whatever a test has started is closed after it. */
export function setUpStages(): void {
  afterEach(async () => {
    for (const each of started.splice(0).reverse()) await each.close()
  })
}

/** Has something closed after the test. */
export function closing<T extends { close(): unknown }>(each: T): T {
  started.push(each)
  return each
}

const started: { close(): unknown }[] = []

export async function withClaude(
  script: Step<AnthropicAnswer> | readonly Step<AnthropicAnswer>[],
  options: StageOptions = {},
): Promise<Stage> {
  const upstream = await startAnthropic({ script })
  started.push(upstream)
  return stageFor(upstream, { ...options, env: { VAI_ANTHROPIC_BASE_URL: upstream.url, ...options.env } })
}

/** Without a vendor: for the models that the gateway brings along. */
export async function withDemo(model: string, options: StageOptions = {}): Promise<Stage> {
  const upstream = await startUpstream(silence)
  started.push(upstream)
  return stageFor(upstream, { ...options, asking: { model, ...options.asking } })
}

export const usualAsking: LiveAsking = {
  model: claude,
  system: undefined,
  maxTokens: 1000,
  serverTools: [],
  serverToolConfig: {},
  clientTools: [],
  toolTimeoutMs: 30_000,
  maxToolCalls: 20,
  speechGate: 'lenient',
}

export async function stageFor(upstream: Upstream, options: StageOptions): Promise<Stage> {
  const {
    asking: own = {},
    tools = [],
    env = {},
    keys = {},
    clock = systemClock,
    routes,
    caller: change = (same) => same,
    onModel,
  } = options
  const gateway = await startGateway({
    env: { VAI_RETRY_ATTEMPTS: '0', ...env },
    keys: { anthropic: anthropicKey, ...keys },
    parts: { tools, clock },
    ...(routes && { routes }),
  })
  started.push(gateway)
  const { app } = gateway
  const caller = change(callerOf(gateway))
  const asking = { ...usualAsking, serverTools: tools.map(({ name }) => name), ...own }
  const told: { readonly turn: number; readonly event: ModelEvent }[] = []
  const runs: Parameters<AskerListener['run']>[1][] = []
  const waiting = new Set<() => void>()
  const listener: AskerListener = {
    model(turn, event) {
      told.push({ turn, event })
      onModel?.(asker, turn, event)
      for (const look of waiting) look()
    },
    run: (_, event) => void runs.push(event),
  }
  const asker = createAsker(app, asking, caller, listener, clock)
  started.push({ close: () => asker.end() })
  const toldOf = (turn: number): readonly ModelEvent[] => told.filter((each) => each.turn === turn).map(({ event }) => event)
  const first = <Event>(find: () => Event | undefined): Promise<Event> =>
    new Promise((resolve) => {
      const look = (): void => {
        const event = find()
        if (event === undefined) return
        waiting.delete(look)
        resolve(event)
      }
      waiting.add(look)
      look()
    })
  return {
    gateway,
    upstream,
    asker,
    caller,
    asking,
    told: (turn = 1) => toldOf(turn),
    said: (turn = 1) => saidIn(toldOf(turn)),
    runs,
    tellsOf: <Type extends ModelEvent['type']>(type: Type, turn = 1) =>
      first(() => toldOf(turn).find((event): event is Extract<ModelEvent, { type: Type }> => event.type === type)),
    over: (turn = 1) => first(() => toldOf(turn).find(({ type }) => type === 'done' || type === 'failed')),
  }
}

export function callerOf({ app }: Gateway): LiveCaller {
  return {
    principal: anybody,
    allotment: app.limits.sessions.allotmentOf(anybody),
    headers: {},
    requestId: 'req_of_a_session',
    sessionId: 'session_1',
    log: app.log.child({ request_id: 'req_of_a_session', session_id: 'session_1' }),
    trace: undefined,
  }
}

export function saidIn(events: readonly ModelEvent[]): string {
  return events.map((event) => (event.type === 'say' ? event.text : '')).join('')
}

/** Everything that was to be heard of an answer, as its steps have it. */
export function spokenIn(steps: readonly LiveStep[]): string {
  return steps.flatMap(({ spoken }) => spoken).join('')
}

// ── What a model says ───────────────────────────────────────────────────────────────────────────────────────────────────

export function text(...pieces: readonly string[]): AnthropicBlock {
  return { type: 'text', text: pieces }
}

export function speak(said: string, inputPiece?: number): AnthropicBlock {
  return { ...use('talk_to_user', { text: said }), ...(inputPiece !== undefined && { inputPiece }) }
}

export function use(name: string, input: Json = {}, id?: string): Extract<AnthropicBlock, { type: 'tool_use' }> {
  return { type: 'tool_use', name, input, ...(id !== undefined && { id }) }
}

export function answer(...content: readonly AnthropicBlock[]): AnthropicAnswer {
  return { content }
}

export const clientTool = { name: 'open_door', description: 'Opens a door.', input_schema: { type: 'object' as const } }
