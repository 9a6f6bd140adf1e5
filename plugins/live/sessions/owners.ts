/**
 * Which process holds which session, as all of them know it: whoever resumes comes to any of them. Nothing here ever fails; what cannot be told is
 * not known.
 */
export interface SessionOwners {
  /** These sessions are the owner's for so long, in milliseconds, unless it says so again. */
  own(sessions: readonly string[], owner: string, ttlMs: number): Promise<void>
  /** They are over. */
  disown(sessions: readonly string[]): Promise<void>
  ownerOf(session: string): Promise<string | undefined>
  close(): void
}
