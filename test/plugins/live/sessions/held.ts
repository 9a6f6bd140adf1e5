import type { LiveServerMessage } from '../../../../api/schemas.gen.ts'
import { Outbox } from '../../../../plugins/live/sessions/outbox.ts'
import type { HeldSession, LiveSessions } from '../../../../plugins/live/sessions/sessions.ts'

/** A session that does nothing but remember what it was told. */
export class QuietSession implements HeldSession {
  readonly id: string
  readonly principal: HeldSession['principal']
  readonly outbox = new Outbox()
  readonly told: string[] = []
  readonly #sessions: LiveSessions<QuietSession>
  #endsWhenTakenOver = false

  constructor(sessions: LiveSessions<QuietSession>, id: string, principal: HeldSession['principal'] = anonymous) {
    this.#sessions = sessions
    this.id = id
    this.principal = principal
    for (let seq = 1; seq <= 3; seq++) this.outbox.sent(warning(seq))
  }

  endWhenTakenOver(): void {
    this.#endsWhenTakenOver = true
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

function warning(seq: number): LiveServerMessage {
  return { type: 'warning', seq, code: 'tts_retry', message: '' }
}
