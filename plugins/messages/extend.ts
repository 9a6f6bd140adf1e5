import { GatewayError } from '../../api/error.ts'
import type { MessageParam, MessageRequest } from '../../api/schemas.gen.ts'
import { editMembers, memberOf, withItems } from '../../text/json-bytes.ts'
import { scanJson } from '../../text/json-text.ts'
import { contentFor, type KnownModels, type PreparedRequest, type Target } from './prepare.ts'

/** What was said since a request was prepared. */
export interface Continuation {
  /** Messages to add at the end. They fit the contract's schema, or come from the provider that is asked. */
  readonly append: readonly MessageParam[]
  /** The id of the model that answered last, which is then asked first. */
  readonly answeredBy: string
  /** What the answers so far ran code in; undefined where they ran none. Only its own provider is told of it. */
  readonly container: GivenContainer | undefined
}

/** A container that a provider keeps. Calls that its code has made and waits for are only taken up together with its id. */
export interface GivenContainer {
  readonly id: string
  /** The id of the model whose answer named it. */
  readonly givenBy: string
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
  const { container, answeredBy } = continuation
  const keeper = prepared.targets.find(({ model }) => model.id === container?.givenBy)?.model.provider
  for (const target of inOrder(prepared.targets, answeredBy)) {
    try {
      const goesOnIn = target.model.provider === keeper ? container?.id : undefined
      targets.push(extended(target, prepared, continuation, goesOnIn, models))
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

function extended(
  target: Target,
  prepared: PreparedRequest,
  { append }: Continuation,
  containerId: string | undefined,
  models: KnownModels,
): Target {
  const { request, json } = target
  const changes: Changes = {
    tool_choice: freeChoice(request.tool_choice),
    container: containerId === undefined ? undefined : containerWith(containerId, request.container),
  }
  const body: MessageRequest = { ...request, messages: [...request.messages, ...append], ...whereGiven(changes) }
  const written = json ? extendedJson(json, append, changes) : nothing
  const hasRounded = json !== undefined && prepared.hasRoundedNumber
  const content = contentFor(target.model, models, body, {
    json: written,
    roundedNumberAt: hasRounded ? scanJson(written.toString()).inexact : undefined,
    schemaError: undefined,
  })
  return { param: target.param, ...content }
}

/** What has to be said in another way than in the request; undefined where the request's own word stays. */
interface Changes {
  readonly tool_choice: MessageRequest['tool_choice']
  readonly container: MessageRequest['container']
}

function whereGiven({ tool_choice, container }: Changes): Partial<MessageRequest> {
  return { ...(tool_choice && { tool_choice }), ...(container && { container }) }
}

function extendedJson(json: Buffer, append: readonly MessageParam[], changes: Changes): Buffer {
  const added = append.map((message) => JSON.stringify(message))
  const { tool_choice, container } = whereGiven(changes)
  return editMembers(json, {
    messages: withItems(memberOf(json, 'messages') ?? nothing, added),
    ...(tool_choice && { tool_choice: JSON.stringify(tool_choice) }),
    ...(container && { container: JSON.stringify(container) }),
  })
}

/** The container with what the caller wants in it. */
function containerWith(id: string, asked: MessageRequest['container']): NonNullable<MessageRequest['container']> {
  return typeof asked === 'object' && asked !== null ? { ...asked, id } : id
}

/** The choice without what must be called; undefined where it can stay as it is. */
function freeChoice(choice: MessageRequest['tool_choice']): MessageRequest['tool_choice'] {
  if (choice?.type !== 'any' && choice?.type !== 'tool') return undefined
  const { disable_parallel_tool_use: disable } = choice
  return { type: 'auto', ...(disable !== undefined && { disable_parallel_tool_use: disable }) }
}

const nothing = Buffer.alloc(0)
