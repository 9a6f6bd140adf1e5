import { type Behaviour, type Delivery, json, sse } from './behaviour.ts'
import { isObject, type Json, objects, pieces, sample, stringOf, tokensIn } from './json.ts'
import { deliveryOf } from './script.ts'
import type { RecordedRequest } from './upstream.ts'

/** An answer as the simulated model writes it, for JSON and for a stream alike. The delivery's offsets are in bytes or in events. */
export interface GeminiAnswer extends Delivery {
  /** In a stream each comes in a chunk of its own. */
  readonly parts: readonly Json[]
  /** Default: `STOP`. */
  readonly finishReason?: string
  /** Merged over a count of four characters a token. */
  readonly usage?: Json
  /** Members of the last candidate, such as `groundingMetadata`. */
  readonly candidate?: Json
  /** An error in the stream after so many chunks. Without effect on JSON. */
  readonly errorAfter?: { readonly events: number; readonly error: Json }
}

/** Google's error body with its status, 400 unless given. */
export function geminiError(
  message: string,
  { code = 400, status = 'INVALID_ARGUMENT', details }: { code?: number; status?: string; details?: readonly Json[] } = {},
): Behaviour {
  return json({ error: { code, message, status, ...(details && { details }) } }, { status: code })
}

/**
 * The answer of a model that has only the request to go by: calls the allowed or first function (never on NONE) where the last turn
 * is the user's own, else repeats its text.
 */
export function echo(request: RecordedRequest): GeminiAnswer {
  const body = isObject(request.json) ? request.json : {}
  const last = objects(objects(body.contents).at(-1)?.parts)
  const isResult = last.some((part) => part.functionResponse !== undefined)
  const called = isResult ? undefined : chosenFunction(body)
  if (called) {
    const args = sample(called.parametersJsonSchema)
    return { parts: [{ functionCall: { name: stringOf(called.name), args }, thoughtSignature: 'c2lnbmVk' }] }
  }
  const results = last.flatMap((part) =>
    isObject(part.functionResponse) ? [JSON.stringify(part.functionResponse.response)] : [],
  )
  const said = [...results, ...last.map((part) => stringOf(part.text))].join('')
  return { parts: [...pieces(said || '(nothing)', 8).map((text) => ({ text })), { text: '', thoughtSignature: 'c2lnbmVk' }] }
}

/** The behaviour that sends an answer: whole, as events, or as one array where nobody asked for events. */
export function renderContent(answer: GeminiAnswer, request: RecordedRequest): Behaviour {
  const body = isObject(request.json) ? request.json : {}
  const options = deliveryOf(answer)
  const usageMetadata = usageOf(answer, body)
  const finish = { finishReason: answer.finishReason ?? 'STOP', ...answer.candidate }
  const head = { modelVersion: 'gemini-test-001', responseId: `response-${request.index}` }
  const chunk = (parts: readonly Json[], more: Json, usage: Json): Json => ({
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
    usageMetadata: usage,
    ...head,
  })
  if (!/:streamGenerateContent(?:\?|$)/.test(request.path)) return json(chunk(answer.parts, finish, usageMetadata), options)

  const early = { promptTokenCount: usageMetadata.promptTokenCount, totalTokenCount: usageMetadata.promptTokenCount }
  const last = answer.parts.length - 1
  const chunks = answer.parts.map((part, at) => chunk([part], at === last ? finish : {}, at === last ? usageMetadata : early))
  const { errorAfter } = answer
  const told = chunks.length > 0 ? chunks : [chunk([], finish, usageMetadata)]
  const sent = errorAfter ? [...told.slice(0, errorAfter.events), { error: errorAfter.error }] : told
  if (!request.path.includes('alt=sse')) return json(sent, options)
  // The vendor ends its lines as HTTP does.
  return sse(sent.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''), options)
}

function usageOf(answer: GeminiAnswer, body: Json): Json {
  const promptTokenCount = promptTokens(body)
  const candidatesTokenCount = tokensIn(answer.parts)
  return { promptTokenCount, candidatesTokenCount, totalTokenCount: promptTokenCount + candidatesTokenCount, ...answer.usage }
}

/** About as many tokens as the prompt has. */
export function promptTokens(body: Json): number {
  return tokensIn(body.contents, body.systemInstruction, body.tools)
}

function chosenFunction(body: Json): Json | undefined {
  const config =
    isObject(body.toolConfig) && isObject(body.toolConfig.functionCallingConfig) ? body.toolConfig.functionCallingConfig : {}
  if (config.mode === 'NONE') return undefined
  const declared = objects(body.tools).flatMap((tool) => objects(tool.functionDeclarations))
  const allowed: unknown[] | undefined = Array.isArray(config.allowedFunctionNames) ? config.allowedFunctionNames : undefined
  return allowed ? declared.find(({ name }) => allowed.includes(name)) : declared[0]
}
