import { type Static, Type } from '@sinclair/typebox'

/** What the processes of the live benchmark tell each other. Times are monotonic microseconds, the same clock for all of them. */

/** How the mock upstream works, from `POST /control`, which also forgets what it has seen. It waits nowhere of its own accord. */
export type Pace = Static<typeof Pace>
export const Pace = Type.Object({
  /** Of an answer; each is some four seconds of sound, but for the first, which is short. */
  sentences: Type.Integer(),
  /** How many seconds of sound the voice makes in one; 0 is all at once. */
  realTimeFactor: Type.Number(),
  /** The length of its pieces, in bytes. */
  chunkBytes: Type.Integer(),
})

/** What the mock upstream saw of one session, from `GET /control`. */
export type Seen = Static<typeof Seen>
export const Seen = Type.Object({
  name: Type.String(),
  /** Samples a second of what it hears. */
  rate: Type.Integer(),
  /** Each piece of sound: when it came, and how many samples there were with it. */
  heardAt: Type.Array(Type.Number()),
  heardSamples: Type.Array(Type.Integer()),
  /** When words were told that may still change, the first of each time that somebody spoke; and when they were certain. */
  partialAt: Type.Array(Type.Number()),
  finalAt: Type.Array(Type.Number()),
  /** Each time that the model was asked: when that had come, and when the answer went out. */
  askedAt: Type.Array(Type.Number()),
  answeredAt: Type.Array(Type.Number()),
  /** Each text that the voice was given, and when each piece of its sound went out; fewer than there are where it was stopped. */
  spoken: Type.Array(
    Type.Object({ isFirst: Type.Boolean(), givenAt: Type.Number(), bytes: Type.Integer(), chunkAt: Type.Array(Type.Number()) }),
  ),
})
export const AllSeen = Type.Array(Seen)

// ── The client ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Job {
  /** How many sessions there are at the same time. */
  readonly concurrency: number
  readonly sessions: readonly SessionJob[]
  /** Milliseconds after which whatever still goes on counts as hanging. */
  readonly withinMs: number
}

export interface SessionJob {
  readonly name: string
  readonly url: string
  readonly protocol: string | undefined
  /** The first message; undefined where frames go straight to the mock upstream. */
  readonly hello: object | undefined
  /** Of the microphone. */
  readonly rate: number
  readonly transport: 'binary' | 'base64_json'
  readonly script: Script
  /** Whether the time of every frame is wanted. */
  readonly isTimed: boolean
}

/** What a client does. */
export type Script =
  /** Nothing is said. */
  | { readonly type: 'listen'; readonly ms: number }
  /** Speaks and is answered, time and again: after so many turns, or so many milliseconds, it leaves. */
  | {
      readonly type: 'talk'
      readonly turns: number | undefined
      readonly ms: number | undefined
      readonly utteranceMs: number
      readonly pauseMs: number
      /** Each so-and-so-manieth answer is interrupted, when so much of it was heard; 0 for none. */
      readonly interruptEvery: number
      readonly interruptAfterMs: number
      readonly player: 'real' | 'instant'
    }
  /** As much as that takes, all in one moment, or nothing at all; and away. */
  | { readonly type: 'visit'; readonly speaks: boolean }

/** One session as its client saw it. */
export type Taken = Static<typeof Taken>
export const Taken = Type.Object({
  name: Type.String(),
  /** When each frame was sent, and how many samples it had. */
  sentAt: Type.Array(Type.Number()),
  frameSamples: Type.Integer(),
  /** Stretches of sound, one a turn: when each piece of it came and how long it was; when it was reset, 0 for never. */
  turns: Type.Array(
    Type.Object({
      pieceAt: Type.Array(Type.Number()),
      pieceBytes: Type.Array(Type.Integer()),
      resetAt: Type.Number(),
      isComplete: Type.Boolean(),
    }),
  ),
})

export const ClientMessage = Type.Union([
  Type.Object({ type: Type.Literal('ready') }),
  Type.Object({ type: Type.Literal('result'), taken: Type.Array(Taken), failures: Type.Array(Type.String()) }),
])

/** What the probe in the gateway tells. */
export type Counts = Static<typeof Counts>
export const Counts = Type.Object({
  /** Everything that lives, also what does not keep the process alive. */
  timers: Type.Integer(),
  webSockets: Type.Integer(),
})
export const ProbeMessage = Type.Union([
  Type.Object({ type: Type.Literal('counts'), counts: Counts }),
  Type.Object({ type: Type.Literal('profile') }),
])
