import type { HearingInput, MicInput } from '../inputs.ts'
import type { LiveHearing } from '../plan.ts'
import type { Served } from '../served.ts'

/** What hears in a session: the microphone's sound is kept, searched for voices and sent to the model that hears. */
export interface Ears {
  /** A frame of whole samples that was let through; its bytes may change after this returns. `playedDb` as `EnergyGate.push` takes it. */
  hear(frame: Uint8Array, playedDb: number): void
  /** So much silence is heard. */
  injectSilence(ms: number): void
  /** Connects to the model and sends it the sound that was kept from `fromMs` on, then all that is heard. The connection before is closed. */
  connect(link: number, fromMs: number): void
  finalize(link: number): void
  close(link: number): void
  /** A voice while the assistant played was none. */
  wasEcho(): void
  /** The stream of sound has ended: what began is over. */
  endVoice(): void
  /** How to hear once that is adopted. */
  change(hearing: LiveHearing): void
  /** Hears so from the next connection on, and finds voices so at once. */
  adopt(): void
  /** What each model was sent, in seconds, whatever came of it. */
  readonly served: readonly Served[]
  /** Ends everything. Resolves once no connection is left. */
  end(): Promise<void>
}

/** Told what is heard; `audioMs` counts all sound that was heard, injected silence with it. */
export type EarsListener = (input: HearingInput | Extract<MicInput, { type: 'energy' }>) => void
