import type { Registry } from 'prom-client'
import { isRecord } from '../api/json.ts'
import type { FoundOllama } from '../cli/ollama.ts'
import type { Claim, Correction, LeaseName, Verdict } from '../plugins/limits/store.ts'

/** What the primary, which starts and watches the workers, and a worker, which answers requests, say to each other. */

/** What a worker asks the primary. */
export type WorkerQuestion =
  | { readonly ask: 'take'; readonly claims: readonly Claim[] }
  | { readonly ask: 'settle'; readonly corrections: readonly Correction[] }
  | { readonly ask: 'release'; readonly leases: readonly LeaseName[] }
  | { readonly ask: 'renew'; readonly leases: readonly LeaseName[]; readonly ttlMs: number }
  | { readonly ask: 'own-sessions'; readonly sessions: readonly string[]; readonly owner: string; readonly ttlMs: number }
  | { readonly ask: 'disown-sessions'; readonly sessions: readonly string[] }
  | { readonly ask: 'owner-of-session'; readonly session: string }
  | { readonly ask: 'metrics' }

/** What the primary asks a worker. */
export type PrimaryQuestion =
  | { readonly ask: 'measurements' }
  | { readonly ask: 'banner'; readonly ollama: FoundOllama | undefined }

/** What comes back for each question. */
export interface Answers {
  readonly take: Verdict
  readonly settle: undefined
  readonly release: undefined
  readonly renew: undefined
  readonly 'own-sessions': undefined
  readonly 'disown-sessions': undefined
  readonly 'owner-of-session': string | undefined
  /** Of all workers together, as Prometheus reads them. */
  readonly metrics: string
  readonly measurements: Measurements
  readonly banner: string
}

/** The metrics of one process. */
export type Measurements = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** What is said without an answer. */
export type Note =
  /** A worker answers on the port. */
  | { readonly note: 'ready'; readonly version: string }
  /** A worker cannot start, and would not if it were tried again. */
  | { readonly note: 'cannot-start'; readonly reason: string; readonly exitCode: number }
  /** A worker is about to end, so that another has to take its place. */
  | { readonly note: 'leaving' }
  /** What a worker measured until its end. */
  | { readonly note: 'measured'; readonly measurements: Measurements }
  /** The worker hands its connections over to others, and ends. */
  | { readonly note: 'hand-over' }
  /** The gateway shuts down: the worker refuses new requests, and ends. */
  | { readonly note: 'drain' }

export type Question = WorkerQuestion | PrimaryQuestion

export type Message<Asked extends Question> =
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'question'; readonly id: number; readonly question: Asked }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly reason: string }

/** At the other end is the same program, in the same version, which the primary makes sure of; so the kind tells the rest. */
export function isMessage<Asked extends Question>(value: unknown): value is Message<Asked> {
  return isRecord(value) && (value.kind === 'note' || typeof value.id === 'number')
}
