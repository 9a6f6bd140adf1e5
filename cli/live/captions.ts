import type { LiveHelloAck, LiveServerMessage, LiveSessionEnd, LiveTurnMetrics } from '@vai/sdk'
import type { Screen } from './screen.ts'

/** Tells in words what the gateway says: who says what, where the conversation is, and what is wrong. */
export class Captions {
  readonly #screen: Screen
  #state = ''
  /** What is being said, while it may still change. */
  #partial = ''
  /** What the assistant says in the turn, until the line is complete. */
  #saying = ''

  constructor(screen: Screen) {
    this.#screen = screen
  }

  opened({ is_resumed, session_id, model, voice, stt_model }: LiveHelloAck): void {
    if (is_resumed) {
      this.#screen.note('The line is there again; the conversation goes on.')
      return
    }
    const hears = stt_model === undefined ? '' : `, ${stt_model} hears`
    this.#screen.note(`${session_id}: ${model ?? 'the model'} answers, ${voice ?? 'a voice'} speaks${hears}`)
  }

  message(message: LiveServerMessage): void {
    switch (message.type) {
      case 'transcript_delta':
        this.#partial = message.text
        this.#show()
        return
      case 'utterance_final':
        this.#partial = ''
        this.#screen.said(`you: ${message.text}`)
        this.#show()
        return
      case 'turn_state':
        this.#state = message.state
        this.#show()
        return
      case 'assistant_text_delta':
        this.#say(message.text)
        return
      case 'audio_unavailable':
        this.#screen.note('What follows cannot be spoken.')
        return
      case 'tool_call':
        this.#screen.note(`The model calls ${message.name}, which this client does not have.`)
        return
      case 'run_event':
        this.#tool(message.event)
        return
      case 'turn_complete':
        this.#turnOver(whyStopped[message.stop_reason] ?? (message.stop_reason === 'end_turn' ? '' : message.stop_reason))
        return
      case 'turn_cancelled':
        this.#turnOver(message.reason === 'grace' ? 'taken back: you went on' : `cancelled: ${message.reason}`)
        return
      case 'warning':
        this.#screen.note(`Warning: ${message.message}`)
        return
      case 'error':
        this.#screen.note(`Error (${message.code}): ${message.message}`)
        return
      case 'session_end':
        this.#screen.now('')
        this.#screen.note(endOf(message))
        return
      default:
    }
  }

  lost(why: string): void {
    this.#screen.note(`The line is lost (${why}); trying to come back.`)
  }

  #say(text: string): void {
    this.#saying += text
    const lines = this.#saying.split('\n')
    this.#saying = lines.pop() ?? ''
    for (const line of lines) this.#told(line)
    // A sentence is a line: whoever listens reads along.
    if (/[.!?…。！？]["'”’)\]]*\s*$/u.test(this.#saying)) this.#tellRest()
  }

  #tellRest(): void {
    const rest = this.#saying
    this.#saying = ''
    this.#told(rest)
  }

  #told(line: string): void {
    if (line.trim() !== '') this.#screen.said(`assistant: ${line.trim()}`)
  }

  #tool(event: Extract<LiveServerMessage, { type: 'run_event' }>['event']): void {
    if (event.type === 'tool_call_start') this.#screen.note(`The gateway runs ${event.name}.`)
    if (event.type === 'tool_result' && event.is_error) this.#screen.note(`${event.name} failed.`)
  }

  #turnOver(why: string): void {
    this.#tellRest()
    if (why !== '') this.#screen.note(`(${why})`)
  }

  #show(): void {
    this.#screen.now(this.#partial === '' ? this.#state : `${this.#state}: ${this.#partial}`)
  }
}

const whyStopped: Readonly<Record<string, string>> = {
  barge_in: 'interrupted: you spoke',
  interrupted: 'interrupted',
  cancelled: 'cancelled',
  backpressure: 'broken off: the player stood still',
  error: 'broken off by an error',
  max_tokens: 'broken off: the model may say no more',
}

/** How long a turn took, as the gateway measured it and as it was heard here; '' where nothing was measured. */
export function latencyOf(metrics: LiveTurnMetrics, heardHereMs: number | undefined): string {
  const part = (name: string, ms: number | undefined): string[] => (ms === undefined ? [] : [`${name} ${Math.round(ms)} ms`])
  const here = part('first sound after', heardHereMs)
  const parts = [
    ...part('voice to voice', metrics.voice_to_voice_ms),
    ...part('end of turn', metrics.eou_delay_ms),
    ...part('model', metrics.llm_ttft_ms),
    ...part('voice', metrics.tts_ttfb_ms),
    ...part('stopped within', metrics.interruption_stop_ms),
  ]
  const there = parts.length > 0 ? [`gateway: ${parts.join(', ')}`] : []
  return [...here, ...there].join('; ')
}

function endOf({ reason, usage }: LiveSessionEnd): string {
  const { turns, duration_ms, seconds_heard, characters_spoken, cost_usd } = usage
  const cost = cost_usd === undefined || cost_usd === 0 ? '' : `, $${cost_usd.toFixed(4)}`
  const sums = `${turns} ${turns === 1 ? 'turn' : 'turns'} in ${(duration_ms / 1000).toFixed(1)} s, ${seconds_heard.toFixed(1)} s heard, ${characters_spoken} characters spoken${cost}`
  return `${whyEnded[reason]}: ${sums}`
}

const whyEnded: Readonly<Record<LiveSessionEnd['reason'], string>> = {
  end_session: 'The session is over',
  idle: 'The session is over, as nobody said anything',
  limit: 'The session is over, as it may not last longer',
  restart: 'The session is over, as the gateway restarts',
  resume_expired: 'The session is over, as nobody came back',
  error: 'The session is over after an error',
}
