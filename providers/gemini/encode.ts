import { isRecord } from '../../api/json.ts'
import type { MessageRequest } from '../../api/schemas.gen.ts'
import type { GeminiDialect } from './dialect.ts'
import { generationConfig } from './generation.ts'
import { encodeContents } from './messages.ts'
import { resourceName } from './model-path.ts'
import { encodeTools } from './tools.ts'

/**
 * The body of a generateContent request. The model stands in the path.
 *
 * The request has passed the compatibility check and the provider's own; what the matrix drops is left out here.
 */
export function encode(request: MessageRequest, model: string, dialect: GeminiDialect): Readonly<Record<string, unknown>> {
  const { system } = request
  const instructions = (typeof system === 'string' ? [{ text: system }] : (system ?? [])).filter(({ text }) => text !== '')
  const config = generationConfig(request, model, dialect)
  const user = request.metadata?.user_id
  const body = {
    ...(instructions.length > 0 && { systemInstruction: { parts: instructions.map(({ text }) => ({ text })) } }),
    contents: encodeContents(request, model, dialect),
    ...encodeTools(request, dialect),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(request.service_tier === 'standard_only' && { serviceTier: 'standard' }),
    ...(user && dialect.userLabel !== undefined && { labels: { [dialect.userLabel]: user } }),
  }
  return merged(body, request.extensions?.[dialect.id] ?? {})
}

/** The body of a countTokens request for the same. */
export function encodeTokenCount(
  request: MessageRequest,
  model: string,
  dialect: GeminiDialect,
): Readonly<Record<string, unknown>> {
  const body = encode(request, model, dialect)
  if (dialect.countsRequests) return { generateContentRequest: { model: resourceName(model, dialect), ...body } }
  return Object.fromEntries(Object.entries(body).filter(([name]) => countedFields.has(name)))
}

const countedFields = new Set(['systemInstruction', 'contents', 'tools', 'generationConfig'])

/** Objects are merged member by member, because the API puts most of its fields into `generationConfig`. */
function merged(
  body: Readonly<Record<string, unknown>>,
  extensions: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const result = new Map(Object.entries(body))
  for (const [name, value] of Object.entries(extensions)) {
    const own = result.get(name)
    result.set(name, isRecord(own) && isRecord(value) ? merged(own, value) : value)
  }
  return Object.fromEntries(result)
}
