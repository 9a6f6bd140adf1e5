import { problemsWith } from '../contract-schemas.ts'

/** What came back for a request, whole. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/**
 * `answered` where it is the whole right answer, the code where it is an error as the contract has it, before or in the middle of a
 * stream; throws where it is anything else.
 */
export function outcomeOf({ status, type, body }: Answer, text: string): string {
  if (type.startsWith('text/event-stream')) return outcomeOfStream(status, body, text)
  if (!type.startsWith('application/json')) throw new Error(`${status} ${type}: ${excerpt(body)}`)
  const said: unknown = JSON.parse(body)
  if (status !== 200) return codeOf(said, status)
  const problems = problemsWith('Message', said)
  if (problems.length > 0) throw new Error(`not a message: ${problems[0]}`)
  same(textIn(JSON.parse(body).content), text)
  return 'answered'
}

function outcomeOfStream(status: number, body: string, text: string): string {
  if (status !== 200) throw new Error(`a stream with ${status}`)
  if (!body.endsWith('\n\n')) throw new Error(`a stream that ends in the middle of an event: …${body.slice(-100)}`)
  const events = body.slice(0, -2).split('\n\n').map(eventIn)
  const last = events.at(-1)
  const ends = events.filter(({ type }) => type === 'message_stop' || type === 'error')
  if (last === undefined || ends.length !== 1 || ends[0] !== last)
    throw new Error(`a stream without its one end: …${excerpt(body)}`)
  const said = events.map((event) => event.delta?.text ?? '').join('')
  if (last.type === 'error') {
    if (!text.startsWith(said)) throw new Error(`another text before the error: ${excerpt(said)}`)
    return codeOf(last)
  }
  same(said, text)
  return 'answered'
}

interface StreamEvent {
  readonly type: string
  readonly delta?: { readonly text?: string }
}

function eventIn(frame: string): StreamEvent {
  const [, name, data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(frame) ?? []
  const event: StreamEvent = JSON.parse(data)
  if (event.type !== name) throw new Error(`an event ${name} of the type ${event.type}`)
  return event
}

function codeOf(said: unknown, status?: number): string {
  const problems = problemsWith('ErrorResponse', said)
  if (problems.length > 0)
    throw new Error(`${status}, not an error of the contract: ${problems[0]}: ${excerpt(JSON.stringify(said))}`)
  const { error }: { error: { code: string; message: string } } = JSON.parse(JSON.stringify(said))
  if (error.code === 'internal_error') throw new Error(`the gateway's own fault: ${error.message}`)
  return error.code
}

function textIn(content: readonly { readonly text?: string }[]): string {
  return content.map((block) => block.text ?? '').join('')
}

function same(said: string, text: string): void {
  if (said !== text) throw new Error(`said ${excerpt(said)} where ${excerpt(text)} is right`)
}

function excerpt(text: string): string {
  return text.length > 300 ? `${text.slice(0, 200)} … ${text.slice(-100)}` : text
}
