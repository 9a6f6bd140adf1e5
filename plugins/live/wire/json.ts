import { isUtf8 } from 'node:buffer'
import { countMembers, findDuplicateKey, pathAt, scanJson } from '../../../text/json-text.ts'
import { maxDepth, Refusal, refused, tooDeep, tooManyValues } from './refusal.ts'
import { violation } from './violations.ts'

/** The value of a text frame. Throws a `Refusal` for whatever would be lost or changed by parsing it, as the bodies of requests are refused. */
export function readJson(data: Uint8Array, mostValues: number): unknown {
  if (!isUtf8(data)) throw new Refusal(violation('invalid_json', { message: 'The message is not valid UTF-8.' }))
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()
  const facts = scanJson(text)
  if (facts.depth > maxDepth) throw tooDeep()
  if (facts.values > mostValues) throw tooManyValues(mostValues)
  const value = parsed(text)
  if (facts.infinite !== undefined)
    throw refused(pathAt(text, facts.infinite) ?? [], 'number_out_of_range', 'the number is too large to be represented')
  if (facts.inexact !== undefined)
    throw refused(pathAt(text, facts.inexact) ?? [], 'number_not_exact', 'the number would be rounded by being read')
  if (countMembers(value) !== facts.members)
    throw refused(findDuplicateKey(text) ?? [], 'duplicate_key', 'the key stands more than once in its object')
  return value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // V8 quotes the text around the fault, which may be what somebody said: only the place is repeated.
    const place = /at position \d+/.exec(error instanceof Error ? error.message : '')?.[0]
    throw new Refusal(violation('invalid_json', { message: `The message is not valid JSON${place ? ` ${place}` : ''}.` }))
  }
}
