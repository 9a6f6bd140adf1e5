import type { LiveServerMessage } from '../../../../api/schemas.gen.ts'
import { Outbox } from '../../../../plugins/live/sessions/outbox.ts'
import type { HeldSession, HeldSessions, Resume } from '../../../../plugins/live/sessions/sessions.ts'

/** A session that does nothing but remember what it was told. */
export class QuietSession implements HeldSession {
  readonly id: string
  readonly principal: HeldSession['principal']
  readonly outbox = new Outbox()
  readonly told: string[] = []
  readonly #sessions: HeldSessions<QuietSession>
  /** What was due. */
  whenWoken: () => void = () => undefined
  #endsWhenTakenOver = false

  constructor(sessions: HeldSessions<QuietSession>, id: string, principal: HeldSession['principal'] = anonymous) {
    this.#sessions = sessions
    this.id = id
    this.principal = principal
    for (let seq = 1; seq <= 3; seq++) this.tell(seq)
  }

  tell(seq: number): void {
    this.outbox.sent(warning(seq))
  }

  endWhenTakenOver(): void {
    this.#endsWhenTakenOver = true
  }

  wake(): void {
    this.whenWoken()
  }

  takenOver(): void {
    this.told.push('taken over')
    // As a socket that is closed tells its session.
    this.#sessions.park(this)
    if (this.#endsWhenTakenOver) this.over()
  }

  drain(): void {
    this.told.push('drain')
  }

  async end(): Promise<void> {
    this.told.push('end')
    this.over()
  }

  over(): void {
    this.#sessions.remove(this)
  }
}

export const anonymous: HeldSession['principal'] = { keyId: undefined, tenant: undefined }

/** Claims a session for somebody who goes on with it. */
export function claim(
  sessions: HeldSessions<QuietSession>,
  resume: Resume,
  by: HeldSession['principal'],
): Promise<{ readonly session: QuietSession; readonly token: string }> {
  return sessions.claim(resume, by, (session, token) => ({ session, token }))
}

function warning(seq: number): LiveServerMessage {
  return { type: 'warning', seq, code: 'tts_retry', message: '' }
}
