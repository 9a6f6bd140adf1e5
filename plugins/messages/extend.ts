import { GatewayError } from '../../api/error.ts'
import type { MessageParam, MessageRequest } from '../../api/schemas.gen.ts'
import { editMembers, memberOf, withItems } from '../../text/json-bytes.ts'
import { scanJson } from '../../text/json-text.ts'
import { type KnownModels, type PreparedRequest, type Target, targetFor } from './prepare.ts'

/** What was said since a request was prepared. */
export interface Continuation {
  /** Messages to add at the end. They fit the contract's schema, or come from the provider that is asked. */
  readonly append: readonly MessageParam[]
  /** The id of the model that answered last, which is then asked first. */
  readonly answeredBy: string
}

/**
 * A prepared request with more said in it, to be asked anew. A tool that had to be called was called, and need not be again. What
 * the caller wrote is forwarded as it was written to a provider that reads it itself.
 *
 * Models that cannot take what was said are left out; throws where none is left.
 */
export function extendRequest(prepared: PreparedRequest, continuation: Continuation, models: KnownModels): PreparedRequest {
  const targets: Target[] = []
  let refusal: unknown
  for (const target of inOrder(prepared.targets, continuation.answeredBy)) {
    try {
      targets.push(extended(target, prepared, continuation, models))
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      refusal ??= error
    }
  }
  const [first, ...rest] = targets
  if (!first) throw refusal
  return { ...prepared, targets: [first, ...rest] }
}

function inOrder(targets: readonly Target[], answeredBy: string): readonly Target[] {
  const isFirst = (target: Target): boolean => target.model.id === answeredBy
  return [...targets.filter(isFirst), ...targets.filter((target) => !isFirst(target))]
}

function extended(target: Target, prepared: PreparedRequest, { append }: Continuation, models: KnownModels): Target {
  const { request, json } = target
  const choice = freeChoice(request.tool_choice)
  const body: MessageRequest = { ...request, messages: [...request.messages, ...append], ...(choice && { tool_choice: choice }) }
  const written = json ? extendedJson(json, append, choice) : nothing
  const hasRounded = json !== undefined && prepared.hasRoundedNumber
  return targetFor(target.model, models, body, {
    body,
    json: written,
    roundedNumberAt: hasRounded ? scanJson(written.toString()).inexact : undefined,
    schemaError: undefined,
    hasBeta: true,
  })
}

function extendedJson(json: Buffer, append: readonly MessageParam[], choice: MessageRequest['tool_choice']): Buffer {
  const messages = memberOf(json, 'messages') ?? nothing
  return editMembers(json, {
    messages: withItems(
      messages,
      append.map((message) => JSON.stringify(message)),
    ),
    ...(choice && { tool_choice: JSON.stringify(choice) }),
  })
}

/** The choice without what must be called; undefined where it can stay as it is. */
function freeChoice(choice: MessageRequest['tool_choice']): MessageRequest['tool_choice'] {
  if (choice?.type !== 'any' && choice?.type !== 'tool') return undefined
  const { disable_parallel_tool_use: disable } = choice
  return { type: 'auto', ...(disable !== undefined && { disable_parallel_tool_use: disable }) }
}

const nothing = Buffer.alloc(0)
