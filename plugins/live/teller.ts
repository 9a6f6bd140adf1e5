import type {
  LiveFeatures,
  LiveHelloAck,
  LiveServerMessage,
  LiveUsage,
  MessageParam,
  Alignment as WireAlignment,
} from '../../api/schemas.gen.ts'
import type { Alignment, RawFormat } from '../../providers/speech.ts'
import { audioId, type Frame } from './effects.ts'
import { wireFormat } from './format.ts'
import type { Piece } from './mouth/mouth.ts'
import type { Outbox } from './sessions/outbox.ts'
import type { Transport } from './transport.ts'

/** What a session tells its client: numbered, kept for a client that comes back, and left out where the client does not want it. */
export class Teller {
  readonly #terms: TellerTerms
  #transport: Transport | undefined

  constructor(terms: TellerTerms) {
    this.#terms = terms
  }

  get transport(): Transport | undefined {
    return this.#transport
  }

  /** From now on this line carries what is told. */
  attach(transport: Transport): void {
    this.#transport = transport
  }

  detach(): void {
    this.#transport = undefined
  }

  /** `seq` is given here. */
  send(message: Unnumbered): void {
    this.#give({ ...message, seq: this.#terms.outbox.lastSeq + 1 })
  }

  /** The first message of a line that goes on with a session: it has the number of the last that its client has, so that numbers go on from there. */
  sendResumed(message: Omit<LiveHelloAck, 'seq'>, lastServerSeq: number): void {
    this.#transport?.send({ ...message, seq: Math.max(1, lastServerSeq) })
  }

  /** What the rules have to say; `more` is asked for what they do not know. */
  tell(frame: Frame, more: FrameFacts): void {
    const { features, audioOut } = this.#terms
    switch (frame.type) {
      case 'assistant_text_delta':
        if (features.want_assistant_text) this.send(frame)
        return
      case 'assistant_audio_start':
        this.send({ ...frame, format: wireFormat(audioOut) })
        return
      case 'turn_complete':
      case 'turn_cancelled':
        this.send({ ...frame, append: more.append() })
        return
      case 'session_end':
        this.send({ ...frame, usage: more.usage() })
        return
      default:
        this.send(frame)
    }
  }

  sound(audio: number, { bytes, alignment }: Piece): void {
    const { outbox, features } = this.#terms
    const seq = outbox.lastSeq + 1
    outbox.soundSent(seq)
    this.#transport?.sendSound({
      seq,
      assistant_audio_id: audioId(audio),
      bytes,
      ...(alignment && features.want_alignment && { alignment: timesOf(alignment) }),
    })
  }

  /** Sends what was missed after this message, under its old numbers. */
  replay(afterSeq: number): void {
    for (const message of this.#terms.outbox.after(afterSeq)) this.#transport?.send(message)
  }

  close(code: number, reason: string): void {
    this.#transport?.close(code, reason)
    this.#transport = undefined
  }

  #give(message: LiveServerMessage): void {
    this.#terms.outbox.sent(message)
    this.#transport?.send(message)
  }
}

export interface TellerTerms {
  readonly features: Required<LiveFeatures>
  readonly audioOut: RawFormat
  readonly outbox: Outbox
}

export interface FrameFacts {
  /** What the turn that has just ended adds to the messages before it. */
  readonly append: () => MessageParam[]
  readonly usage: () => LiveUsage
}

/** A message that has no number yet. */
export type Unnumbered = LiveServerMessage extends infer Each
  ? Each extends LiveServerMessage
    ? Omit<Each, 'seq'>
    : never
  : never

function timesOf({ kind, tokens, startMs, durationMs }: Alignment): WireAlignment {
  return { kind, tokens: [...tokens], start_ms: [...startMs], dur_ms: [...durationMs] }
}
