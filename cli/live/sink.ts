/** Where sound goes to be heard, as it is to be heard: what it is given cannot be taken back. */
export interface Sink {
  /** How much it has to have before it is heard, so that nothing is missing when whoever gives it comes a little late. */
  readonly leadMs: number
  /** Whether silence counts as well, from the beginning to the end. */
  readonly isContinuous: boolean
  /** Whether it stands still, and takes no more for now. */
  readonly isBlocked: boolean
  /** There is a session: before that nothing is to be started, and nothing to be told of what cannot be. May be called again. */
  open(): void
  /** Whole samples, once it is open. */
  write(pcm: Uint8Array): void
  /** Resolves once it is closed; never rejects. */
  close(): Promise<void>
}

/** What a sink has to say, once: nothing that it is given from then on is heard. */
export type OnSinkFailed = (why: string) => void
