import type { ResponseIncludable } from 'openai/resources/responses/responses'
import type { MessageRequest } from '../../api/schemas.gen.ts'
import { samplingFields } from '../openai-thinking.ts'
import { outputSchemaOf, strictnessOf } from '../output-schema.ts'
import type { TokenCountRequest } from '../provider.ts'
import { wishOf } from '../thinking-wish.ts'
import type { ResponsesDialect } from './dialect.ts'
import { encodeInput, instructionsOf, isMarkedSystem } from './input.ts'
import { includes, toolFields } from './tools.ts'

type Body = Record<string, unknown>

/**
 * The body of a Responses request.
 *
 * `model` is the provider's name for it. The request has passed the compatibility check and the provider's own; what the matrix
 * drops is left out here. Nothing is stored at the provider: what it has to see again goes with each request.
 */
export function encode(request: MessageRequest, model: string, stream: boolean, dialect: ResponsesDialect): Body {
  const include = [...reasoningIncludes(model, dialect), ...includes(request.tools ?? [])]
  return {
    ...counted(request, model, dialect),
    store: false,
    ...(include.length > 0 && { include }),
    ...sampling(request, model, dialect),
    ...callerFields(request, dialect),
    ...(stream && { stream: true }),
    ...request.extensions?.[dialect.id],
  }
}

/** The body of a request to count the tokens of the input. */
export function encodeCount(request: TokenCountRequest, model: string, dialect: ResponsesDialect): Body {
  // A limit on calls says nothing about the input, and is no field of this request.
  const { max_tool_calls: _, ...body } = counted(request, model, dialect)
  return body
}

/** What makes up the input. */
function counted(request: MessageRequest, model: string, dialect: ResponsesDialect): Body {
  const marks = dialect.takesBreakpoints(model)
  return {
    model,
    ...(!(marks && isMarkedSystem(request)) && request.system?.length && { instructions: instructionsOf(request.system) }),
    input: encodeInput(request, dialect.id, marks),
    ...toolFields(request),
    ...reasoningFields(request, model, dialect),
    ...formatFields(request, model, dialect),
  }
}

function reasoningIncludes(model: string, dialect: ResponsesDialect): ResponseIncludable[] {
  return dialect.mayReason(model) ? ['reasoning.encrypted_content'] : []
}

function sampling(request: MessageRequest, model: string, { minOutputTokens, effort }: ResponsesDialect): Body {
  const most = request.max_tokens
  return {
    ...(most !== undefined && { max_output_tokens: Math.max(most, minOutputTokens) }),
    ...samplingFields(request, model, effort(wishOf(request), model)),
  }
}

function reasoningFields(request: MessageRequest, model: string, dialect: ResponsesDialect): Body {
  const { thinking } = request
  const effort = dialect.effort(wishOf(request), model)
  const thinks = thinking?.type === 'enabled' || thinking?.type === 'adaptive'
  // A model that does not reason refuses to be asked how.
  const shown = thinks && thinking.display !== 'omitted' && dialect.mayReason(model)
  if (!effort && !shown) return {}
  return { reasoning: { ...(effort && { effort }), ...(shown && { summary: 'auto' }) } }
}

function formatFields(request: MessageRequest, model: string, dialect: ResponsesDialect): Body {
  const output = outputSchemaOf(request)
  if (!output) return {}
  const strict = strictnessOf(output, dialect.strictMode(model))
  const { name = 'response', schema } = output
  return { text: { format: { type: 'json_schema', name, schema, ...(strict !== undefined && { strict }) } } }
}

function callerFields(request: MessageRequest, { userId, serviceTiers }: ResponsesDialect): Body {
  const user = request.metadata?.user_id
  return {
    ...(user && userId && { [userId.field]: user }),
    ...(request.service_tier && serviceTiers && { service_tier: serviceTiers[request.service_tier] }),
  }
}
