import { type Static, Type } from '@sinclair/typebox'

/** What the benchmark's processes tell each other. */

/** The mock upstream's `GET /control`, counted since the last `POST /control/reset`. */
export type UpstreamCounts = Static<typeof UpstreamCounts>
export const UpstreamCounts = Type.Object({
  requests: Type.Integer(),
  /** Bodies that were the client's own bytes. */
  exact: Type.Integer(),
  /** Bodies in other bytes that said the same. */
  equivalent: Type.Integer(),
  rejected: Type.Integer(),
  lastRejection: Type.String(),
  /** Answers being sent at this moment. */
  open: Type.Integer(),
  finished: Type.Integer(),
  /** Answers whose reader left before their end: the exchange's nonce, and when, in monotonic microseconds. */
  abandoned: Type.Array(Type.Object({ nonce: Type.Integer(), closedAt: Type.Number() })),
})

/** What the load client is asked to do, one at a time. */
export type Job = Static<typeof Job>
export const Job = Type.Object({
  origin: Type.String(),
  path: Type.String(),
  headers: Type.Record(Type.String(), Type.String()),
  /** What the target speaks to its callers, and what the upstream behind it speaks. */
  dialect: Type.Union([Type.Literal('anthropic'), Type.Literal('openai')]),
  upstream: Type.Union([Type.Literal('anthropic'), Type.Literal('openai')]),
  /** The model as the target wants it, and as the upstream gets it. */
  model: Type.String(),
  upstreamModel: Type.String(),
  stream: Type.Boolean(),
  /** The answer must be the upstream's own bytes. */
  verbatim: Type.Boolean(),
  /** Exchanges at a time. */
  concurrency: Type.Integer({ minimum: 1 }),
  task: Type.Union([
    /** One exchange after the other in each of the `concurrency` places, until the time is over. */
    Type.Object({ kind: Type.Literal('loop'), seconds: Type.Number() }),
    /** `concurrency` exchanges at once, read to their end. */
    Type.Object({ kind: Type.Literal('once') }),
    /** `concurrency` exchanges at once; the client leaves each after that many events with text. */
    Type.Object({ kind: Type.Literal('leave'), afterEvents: Type.Integer() }),
    /** `concurrency` exchanges at once; `opened` when each has its first bytes, left at `release`. */
    Type.Object({ kind: Type.Literal('hold') }),
  ]),
})

export type LoadResult = Static<typeof LoadResult>
export const LoadResult = Type.Object({
  started: Type.Integer(),
  completed: Type.Integer(),
  failed: Type.Integer(),
  /** The first few failures, in words. */
  reasons: Type.Array(Type.String()),
  seconds: Type.Number(),
  /** Of whole exchanges, in milliseconds. */
  p50Ms: Type.Number(),
  p99Ms: Type.Number(),
  /** From the upstream's write of an event to its arrival at the client, in milliseconds; of a stream's events after the 25th. */
  events: Type.Integer(),
  eventP50Ms: Type.Number(),
  eventP99Ms: Type.Number(),
  /** When the client left, in monotonic microseconds. */
  left: Type.Array(Type.Object({ nonce: Type.Integer(), leftAt: Type.Number() })),
})

/** From the load client. */
export type LoadMessage = Static<typeof LoadMessage>
export const LoadMessage = Type.Union([
  Type.Object({ type: Type.Literal('ready') }),
  Type.Object({ type: Type.Literal('opened') }),
  Type.Object({ type: Type.Literal('result'), result: LoadResult }),
])

/** To the load client. */
export type LoadOrder = Static<typeof LoadOrder>
export const LoadOrder = Type.Union([
  Type.Object({ type: Type.Literal('job'), job: Job }),
  Type.Object({ type: Type.Literal('release') }),
])

export const testKeys = { anthropic: 'sk-test-anthropic', openai: 'sk-test-openai' } as const
