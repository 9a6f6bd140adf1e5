import { APIError, type RunEvent, type StreamEvent, type VAIError } from '@vai/sdk'
import { jsonLine } from '../printable.ts'

/** Writes down what comes, one JSON document a line, for programs. */
export class Journal {
  readonly #write: (text: string) => void

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  event(event: StreamEvent | RunEvent): void {
    this.#write(`${jsonLine(event)}\n`)
  }

  /** An error ends the events of an answer: in the contract's shape, whoever it comes from. */
  failed(error: VAIError): void {
    const { message, request_id, name } = error
    const known = error instanceof APIError ? detailOf(error) : { type: name }
    this.#write(`${jsonLine({ type: 'error', request_id, error: { ...known, message, request_id } })}\n`)
  }
}

function detailOf({ type, code, param, issues, retry_after, provider_error }: APIError): object {
  return { type, code, param, retry_after, provider_error, ...(issues.length > 0 && { issues }) }
}
