import type { SessionOwners } from '../plugins/live/sessions/owners.ts'
import type { Calls } from './calls.ts'
import type { PrimaryQuestion, WorkerQuestion } from './messages.ts'

export type OwnersQuestion = Extract<WorkerQuestion, { ask: 'own-sessions' | 'disown-sessions' | 'owner-of-session' }>

export function isOwnersQuestion(question: WorkerQuestion): question is OwnersQuestion {
  return question.ask === 'own-sessions' || question.ask === 'disown-sessions' || question.ask === 'owner-of-session'
}

/** What the primary knows of the sessions of all workers, for one of them. */
export async function answerOfOwners(owners: SessionOwners, question: OwnersQuestion): Promise<string | undefined> {
  switch (question.ask) {
    case 'own-sessions':
      await owners.own(question.sessions, question.owner, question.ttlMs)
      return undefined
    case 'disown-sessions':
      await owners.disown(question.sessions)
      return undefined
    case 'owner-of-session':
      return owners.ownerOf(question.session)
  }
}

/** The same, as a worker sees it. Where the primary does not answer, nothing is known. */
export class PrimarySessionOwners implements SessionOwners {
  readonly #primary: Calls<WorkerQuestion, PrimaryQuestion>

  constructor(primary: Calls<WorkerQuestion, PrimaryQuestion>) {
    this.#primary = primary
  }

  async own(sessions: readonly string[], owner: string, ttlMs: number): Promise<void> {
    await this.#primary.ask({ ask: 'own-sessions', sessions, owner, ttlMs }).catch(nothing)
  }

  async disown(sessions: readonly string[]): Promise<void> {
    await this.#primary.ask({ ask: 'disown-sessions', sessions }).catch(nothing)
  }

  async ownerOf(session: string): Promise<string | undefined> {
    return await this.#primary.ask({ ask: 'owner-of-session', session }).catch(nothing)
  }

  /** What is known is the primary's, and stays. */
  close(): void {
    // Nothing is open.
  }
}

/** What a worker asks is said again before long, or by a client that tries again. */
function nothing(): undefined {
  return undefined
}
