import { type Static, Type } from '@sinclair/typebox'

/** What the processes of the voice benchmark tell each other. Times are monotonic microseconds, the same clock for all of them. */

/** How the mock upstream answers, from `POST /control`, which also forgets what it has counted. */
export type Pace = Static<typeof Pace>
export const Pace = Type.Object({
  /** Between two pieces of a model's text; 0 is all at once. */
  textMs: Type.Number(),
  /** From a text's arrival at the vendor to its first sound, and from a sound's to what was heard. */
  firstByteMs: Type.Number(),
  /** How many seconds of sound the vendor makes in one; 0 is as fast as it is read. */
  realTimeFactor: Type.Number(),
  /** The length of the vendor's pieces, in bytes of its sound. */
  pieceBytes: Type.Integer(),
})

/** One exchange as the mock upstream saw it, from `GET /control`. */
export type Made = Static<typeof Made>
export const Made = Type.Object({
  name: Type.String(),
  /** When each piece of text was written. */
  textAt: Type.Array(Type.Number()),
  /** Each sentence that the vendor was asked for, in the order in which they came. */
  sentences: Type.Array(
    Type.Object({ askedAt: Type.Number(), firstAt: Type.Number(), soundBytes: Type.Integer(), characters: Type.Integer() }),
  ),
})

export const AllMade = Type.Array(Made)

export interface Job {
  readonly origin: string
  /** The body of a request, in which `blankName` stands for the exchange's. */
  readonly body: string
  readonly concurrency: number
  readonly exchanges: number
  /** Whether times of single events are wanted. */
  readonly isTimed: boolean
}

/** One exchange as the client saw it. */
export type Taken = Static<typeof Taken>
export const Taken = Type.Object({
  name: Type.String(),
  beganAt: Type.Number(),
  endedAt: Type.Number(),
  /** When each piece of text arrived. */
  textAt: Type.Array(Type.Number()),
  /** When the first sound arrived; 0 where there was none. */
  soundAt: Type.Number(),
  soundBytes: Type.Integer(),
  chunks: Type.Integer(),
})

export const LoadMessage = Type.Union([
  Type.Object({ type: Type.Literal('ready') }),
  Type.Object({ type: Type.Literal('result'), taken: Type.Array(Taken), failures: Type.Array(Type.String()) }),
])

/** Stands where the name of an exchange does, and is as long as one. */
export const blankName = 'Kxxxxxx'

/** Letters alone, so that nothing of it is said in another way. */
export function nameOf(exchange: number): string {
  const letters = exchange.toString(26).padStart(6, '0')
  return `K${[...letters].map((digit) => String.fromCharCode(97 + Number.parseInt(digit, 26))).join('')}`
}

export const namePattern = /K[a-z]{6}/
