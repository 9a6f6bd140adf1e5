import {
  AbortedError,
  APIError,
  AuthenticationError,
  BrokenStreamError,
  ConnectionError,
  ConnectionTimeoutError,
  InvalidRequestError,
  NotFoundError,
  PermissionError,
  UnexpectedResponseError,
  UsageError,
  VAIError,
} from '@vai/sdk'
import { type Exit, exits, startOne } from '../ending.ts'
import { line } from '../printable.ts'

/** Why something did not work, in one line: what is wrong, and what can be done about it. */
export interface Failure {
  readonly line: string
  /** With what it ends where nobody is there to do anything about it. */
  readonly exit: Exit
  /** Whether nothing else would work either, as there is no gateway, or none that lets one in. */
  readonly isHopeless: boolean
}

/**
 * `address` is the gateway's, as people are told it; `isAttended`, whether somebody is there who can give commands. Throws what is not
 * the client's or the gateway's own error again.
 */
export function failureOf(error: unknown, address: string, isAttended: boolean): Failure {
  if (!(error instanceof VAIError)) throw error
  const { what, advice = '', command = '', exit = exits.failed, isHopeless = false } = wordsFor(error, address)
  const request = error.request_id === undefined || error.request_id === '' ? '' : ` [${line(error.request_id, 100)}]`
  // What there is to do comes behind words that may be long.
  const todo = [advice, isAttended ? command : ''].filter((text) => text !== '').join(' ')
  return { line: `${line(what)}${todo === '' ? '' : ` ${todo}`}${request}`, exit, isHopeless }
}

interface Words {
  readonly what: string
  readonly advice?: string
  /** Advice that takes commands. */
  readonly command?: string
  readonly exit?: Exit
  readonly isHopeless?: boolean
}

function wordsFor(error: VAIError, address: string): Words {
  const { message: what } = error
  if (error instanceof APIError) return wordsForAnswer(error)
  if (error instanceof AbortedError) return { what: 'It was stopped.', exit: exits.interrupted, isHopeless: true }
  if (error instanceof ConnectionTimeoutError) return { what, exit: exits.noSession, isHopeless: true, command: again }
  if (error instanceof ConnectionError) {
    const reason = `No gateway answers at ${address}${reasonOf(error)}.`
    return { what: reason, advice: startOne, exit: exits.noSession, isHopeless: true, command: again }
  }
  if (error instanceof UnexpectedResponseError) {
    return { what, advice: `Is ${address} the gateway's? --url names another.`, exit: exits.noSession, isHopeless: true }
  }
  if (error instanceof BrokenStreamError) return { what: `The answer broke off. ${what}`, command: again }
  return { what, exit: error instanceof UsageError ? exits.misused : exits.failed }
}

function wordsForAnswer(error: APIError): Words {
  const { message: what, code, param = '', retry_after } = error
  const exit = exits.misused
  if (error instanceof AuthenticationError) {
    const [, provider] = /^x-provider-key-(.+)$/i.exec(param) ?? []
    return { what, exit, advice: adviceForKey(provider), isHopeless: provider === undefined && !error.provider_error }
  }
  if (/(?:^|\.)model(?:_id)?$/.test(param)) return { what: withoutField(what, param), exit, command: '/model lists them.' }
  if (code === 'context_length_exceeded') return { what, exit, command: '/clear begins a new conversation.' }
  if (error instanceof InvalidRequestError || error instanceof NotFoundError || error instanceof PermissionError)
    return { what, exit }
  return { what, advice: retry_after === undefined ? '' : `It may work in ${retry_after} s.`, command: again }
}

/** Whoever has named the model knows of no field. */
function withoutField(what: string, param: string): string {
  if (!what.startsWith(`${param}: `)) return what
  const rest = what.slice(param.length + 2)
  return rest.slice(0, 1).toUpperCase() + rest.slice(1)
}

function adviceForKey(provider: string | undefined): string {
  if (provider === undefined) return 'A key of the gateway is given in VAI_API_KEY.'
  return `Here that is --provider-key ${line(provider.toLowerCase(), 40)}=VARIABLE, with the variable that holds the key.`
}

/** The system's word for it, which stands in the error's causes. */
function reasonOf(error: Error): string {
  let cause: unknown = error.cause
  for (let depth = 0; cause instanceof Error && depth < 5; depth++) {
    if ('code' in cause && typeof cause.code === 'string') return ` (${systemWords[cause.code] ?? cause.code})`
    cause = cause.cause
  }
  return ''
}

const again = '/retry asks again.'
const systemWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the host is not found',
  ECONNRESET: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_CONNECT_TIMEOUT: 'nobody took the connection',
}
