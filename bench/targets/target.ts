import type { ServerProcess } from '../processes.ts'
import type { Dialect } from '../requests.ts'

/** What stands between the client and the mock upstream. */
export interface Target {
  readonly name: TargetName
  readonly lanes: readonly Lane[]
  /** Throws an `Unavailable` where it cannot be had here. */
  start(place: Place): Promise<Running>
}

export type TargetName = 'direct' | 'bare-proxy' | 'portkey' | 'gateway'

/** One way through a target. */
export interface Lane {
  readonly name: LaneName
  /** What the caller speaks, and what the upstream. */
  readonly dialect: Dialect
  readonly upstream: Dialect
  readonly path: string
  readonly headers: (upstreamOrigin: string) => Readonly<Record<string, string>>
  /** What comes before the upstream's model name. */
  readonly modelPrefix: string
  /** What arrives in the very bytes that were sent. */
  readonly verbatim: { readonly request: boolean; readonly answer: boolean }
}

export type LaneName =
  | 'direct openai'
  | 'bare openai'
  | 'bare anthropic'
  | 'portkey openai'
  | 'gateway translated'
  | 'gateway passthrough'

export interface Place {
  /** The mock upstream, `http://127.0.0.1:port`. */
  readonly upstreamOrigin: string
  /** Where the benchmark's own processes lie compiled. */
  readonly compiled: string
  /** See `ServerOptions`. */
  readonly collectable: boolean
}

export interface Running {
  readonly origin: string
  /** Undefined where nothing stands between. */
  readonly server: ServerProcess | undefined
}

/** A target that cannot be measured here, and why, in plain words. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}
