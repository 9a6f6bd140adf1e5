import { isAscii, isUtf8, transcode } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { GatewayError } from '../../api/error.ts'
import type { IssueCode } from '../../api/issue-codes.ts'
import { paramOf } from '../../api/param.ts'
import { countMembers, findDuplicateKey, type Path, pathAt, scanJson } from '../../text/json-text.ts'

export interface ParsedBody {
  readonly value: unknown
  /** Where in the text an integer stands that was rounded by parsing it. */
  readonly roundedNumberAt: number | undefined
}

// Deeper than any schema or argument in use, and far from where recursion over the value would run out of stack.
const maxDepth = 128
// 10,000 messages of a few blocks each. It also bounds how many problems one request can have, all of which are looked for.
const maxValues = 250_000

/** Parses a JSON body. Throws a `GatewayError` for whatever would be lost or changed by parsing it. */
export function parseBody(body: Buffer, headers: IncomingHttpHeaders): ParsedBody {
  refuseOtherEncodings(headers)
  if (body.length === 0) throw new GatewayError('empty_body')
  if (!isUtf8(body)) throw new GatewayError('invalid_utf8')
  const text = textOf(body)
  const facts = scanJson(text)
  if (facts.depth > maxDepth)
    throw new GatewayError('invalid_json', {
      code: 'too_deep',
      message: `The body is nested ${facts.depth} levels deep; at most ${maxDepth} are allowed.`,
    })
  if (facts.values > maxValues)
    throw new GatewayError('request_too_large', {
      code: 'too_many_values',
      message: `The body holds about ${facts.values} values; at most ${maxValues} are allowed.`,
    })
  const value = parse(text)
  if (facts.infinite !== undefined) {
    throw invalidAt(pathAt(text, facts.infinite), 'number_out_of_range', 'the number is too large to be represented')
  }
  if (countMembers(value) !== facts.members) {
    throw invalidAt(findDuplicateKey(text), 'duplicate_key', 'the key stands more than once in its object')
  }
  return { value, roundedNumberAt: facts.inexact }
}

/** Valid UTF-8 as text. Node 20's own decoder takes twice as long for what is not ASCII. */
function textOf(utf8: Buffer): string {
  return isAscii(utf8) ? utf8.toString('latin1') : transcode(utf8, 'utf8', 'utf16le').toString('utf16le')
}

function refuseOtherEncodings(headers: IncomingHttpHeaders): void {
  const encoding = headers['content-encoding']
  if (encoding && encoding !== 'identity') {
    throw new GatewayError('unsupported_content_encoding', {
      param: 'content-encoding',
      message: `The body must not be compressed, but content-encoding is ${JSON.stringify(encoding.slice(0, 40))}.`,
    })
  }
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(headers['content-type'] ?? '')?.[1]
  if (charset && !/^utf-?8$/i.test(charset)) {
    throw new GatewayError('unsupported_content_type', {
      param: 'content-type',
      message: `JSON is UTF-8, but content-type says ${JSON.stringify(charset.slice(0, 40))}.`,
    })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (text.trim() === '') throw new GatewayError('empty_body')
    // V8 quotes the text around the fault, which may be a prompt: only the place is repeated.
    const reason = error instanceof Error ? error.message : ''
    const place = /at position \d+(?: \(line \d+ column \d+\))?/.exec(reason)?.[0]
    const where = place ? ` ${place}` : /end of JSON/.test(reason) ? '; it is cut short' : ''
    throw new GatewayError('invalid_json', { message: `The body is not valid JSON${where}.` })
  }
}

function invalidAt(path: Path | undefined, code: IssueCode, message: string): GatewayError {
  const param = path && paramOf(path)
  return new GatewayError('invalid_request', {
    ...(param && { param, issues: [{ param, code, message }] }),
    code,
    message: `${param ?? 'The body'}: ${message}.`,
  })
}
