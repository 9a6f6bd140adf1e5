import { type ErrorDetails, GatewayError } from '../../api/error.ts'
import { invalidRequestDetails } from '../../api/issues.ts'
import { isRecord } from '../../api/json.ts'
import { paramOf } from '../../api/param.ts'
import { SchemaMismatch } from '../../api/schema-mismatch.ts'
import type { Issue, MessageParam, MessageRequest, Warning } from '../../api/schemas.gen.ts'
import type { ValidationError } from '../../api/validator.ts'
import { matrixEntry } from '../../providers/capabilities.ts'
import { isShown, withoutUnshown } from '../../providers/pictures.ts'
import { modelError, type ResolvedModel } from '../../providers/registry.ts'
import { pathAt, scanJson } from '../../text/json-text.ts'
import type { Models, ModelUser } from '../models/index.ts'
import { checkCompatibility } from './compat.ts'
import { extensionIssues } from './extensions.ts'
import { type RequestLimits, validateRequest } from './validate.ts'
import { type HeardTexts, voiceIssues, withoutVoice } from './voiceless.ts'

/** A request as it came: parsed, and what the schema has to say about it. */
export interface RawRequest {
  readonly body: unknown
  /** The caller's JSON. */
  readonly json: Buffer
  /** Where in its text a number stands that was rounded by parsing it. */
  readonly roundedNumberAt: number | undefined
  /** What the schema found; it is reported together with everything else that is wrong. */
  readonly schemaError: Error | undefined
  /** Whether the caller asks for beta features, which only the provider knows. */
  readonly hasBeta: boolean
  /** Whether the gateway itself runs the tools. */
  readonly isRun?: boolean
  /** Where the gateway hears and speaks: what it finds wrong with that, and what it has heard. */
  readonly voice?: { readonly issues: readonly Issue[]; readonly heard: HeardTexts }
}

/** What has to be known of models to check a request. */
export type KnownModels = Pick<Models, 'registry' | 'isAllowed' | 'capabilities'>

/** A request that may be sent, to each of its models in turn. */
export interface PreparedRequest {
  readonly targets: readonly [Target, ...Target[]]
  readonly stream: boolean
  /** The caller's messages, as they came. */
  readonly messages: readonly MessageParam[]
  /** Whether the caller's JSON holds a number that parsing it has rounded. */
  readonly hasRoundedNumber: boolean
}

export interface Target {
  /** Which field of the request names it. */
  readonly param: string
  readonly model: ResolvedModel
  /** With `model` set to the full id. */
  readonly request: MessageRequest
  /** The caller's own JSON, which but for `model` says exactly the request; only for a provider that is `native`. */
  readonly json?: Buffer
  readonly warnings: readonly Warning[]
}

/**
 * Checks everything about a request that can be known before a provider is asked. Throws one `GatewayError` that lists every
 * issue: `invalid_request_error`, or `not_found_error` where nothing is wrong but that there is no such provider.
 */
export function prepareRequest(raw: RawRequest, caller: ModelUser, models: KnownModels, limits: RequestLimits): PreparedRequest {
  const { registry } = models
  const resolved = resolveModel(raw.body, registry)
  const problem = resolved && 'problem' in resolved ? resolved.problem : undefined
  const main = resolved && 'provider' in resolved ? resolved : undefined
  const isContinued = main !== undefined && continuesAt(main, raw)
  const issues = [
    ...schemaIssues(raw, main, isContinued),
    ...validateRequest(raw.body, limits, isContinued),
    ...extensionIssues(raw.body, registry.providers, raw.isRun ?? false),
  ]
  // What the schema has found wrong with a field is not told of it again.
  const known = new Set(issues.filter(({ code }) => code !== 'unknown_field').map(({ param }) => param))
  issues.push(...(raw.voice?.issues ?? voiceIssues(raw.body)).filter(({ param }) => !known.has(param)))
  if (problem && (issues.length > 0 || problem.code === 'invalid_model')) issues.push({ param: 'model', ...problem })
  if (issues.length > 0) throw new GatewayError('invalid_request', invalidRequestDetails(withoutRepeats(issues)))
  if (problem) throw modelError(problem, 'model')
  if (!main || !isMessageRequest(raw.body)) throw raw.schemaError ?? new GatewayError('internal_error')
  refuseUnlessAllowed(main.id, caller, models, 'model')
  for (const { param, model } of modelsWithin(raw.body))
    refuseUnlessAllowed(`${main.provider.id}/${model}`, caller, models, param)
  const fallbacks = fallbacksOf(raw.body).map((id, index) => resolveFallback(id, index, caller, models))
  const said = saidOf(raw)
  const [first, ...rest] = [main, ...fallbacks].map((model, index) => {
    const param = index === 0 ? 'model' : `fallbacks[${index - 1}]`
    return { param, ...contentFor(model, models, said.body, said) }
  })
  if (!first) throw new GatewayError('internal_error')
  const { stream = false, messages } = raw.body
  return { targets: [first, ...rest], stream, messages, hasRoundedNumber: raw.roundedNumberAt !== undefined }
}

/** What the models are to read of it. */
function saidOf(raw: RawRequest): Pick<RawRequest, 'body' | 'json' | 'roundedNumberAt' | 'schemaError'> {
  const said = withoutVoice(raw, raw.voice?.heard ?? nothingHeard)
  if (said === raw) return raw
  const roundedNumberAt = raw.roundedNumberAt === undefined ? undefined : scanJson(said.json.toString()).inexact
  return { ...said, roundedNumberAt, schemaError: raw.schemaError }
}

const nothingHeard: HeardTexts = new Map()

function resolveModel(body: unknown, registry: Models['registry']): ReturnType<Models['registry']['resolve']> | undefined {
  const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined
  return typeof model === 'string' && model !== '' ? registry.resolve(model) : undefined
}

/**
 * Whether these are the last messages of a conversation that the model's provider keeps, which is a beta that the caller has to ask for.
 * A provider that keeps none refuses it, and does so in better words than those that miss what was said before.
 */
function continuesAt({ provider }: ResolvedModel, { body, hasBeta }: RawRequest): boolean {
  if (!isRecord(body) || !isRecord(body.thread) || body.thread.type !== 'continue') return false
  return hasBeta || matrixEntry(provider.matrix, 'thread').treatment === 'reject'
}

function schemaIssues(raw: RawRequest, model: ResolvedModel | undefined, isContinued: boolean): readonly Issue[] {
  if (!raw.schemaError) return []
  if (!(raw.schemaError instanceof SchemaMismatch)) throw raw.schemaError
  // A provider that reads the caller's own text also reads what is newer than this contract, if the caller says that it is a beta.
  const mayBeNewer = raw.hasBeta && model?.provider.native !== undefined
  return raw.schemaError.issuesExcept((error) => mayBeNewer && (isUnknownToUs(error) || (isContinued && isOfNoMessages(error))))
}

/** A kept conversation can go on from where its last answer stopped, without a word. */
function isOfNoMessages({ keyword, instancePath }: ValidationError): boolean {
  return keyword === 'minItems' && instancePath === '/messages'
}

/** Unknown fields, unknown kinds of anything, and the one field that Anthropic's betas use in another way. */
function isUnknownToUs({ keyword, instancePath, params }: ValidationError): boolean {
  if (keyword === 'discriminator') return typeof params.tagValue === 'string'
  return keyword === 'additionalProperties' || (keyword === 'type' && /^\/fallbacks(?:\/|$)/.test(instancePath))
}

/** The semantic check says more of some fields than the schema does; then the schema's word is not repeated. */
function withoutRepeats(issues: readonly Issue[]): Issue[] {
  const better = new Set(issues.filter(({ code }) => betterCodes.includes(code)).map((issue) => issue.param))
  return issues.filter((issue) => !(issue.code === 'unknown_field' && better.has(issue.param)))
}

const betterCodes: readonly string[] = ['function_config_not_allowed', 'unsupported_parameter']

/** What is said to one model. Throws where it cannot take it. */
export function contentFor(
  model: ResolvedModel,
  models: KnownModels,
  body: unknown,
  raw: Pick<RawRequest, 'json' | 'roundedNumberAt' | 'schemaError'>,
): Omit<Target, 'param'> {
  if (!isMessageRequest(body)) throw new GatewayError('internal_error')
  const { provider, name } = model
  // What one provider may read as a beta would be lost on the way to another.
  if (raw.schemaError && !provider.native) throw raw.schemaError
  const request: MessageRequest = { ...body, model: model.id }
  const capabilities = models.capabilities(model)
  const { issues: incompatible, warnings: dropped } = checkCompatibility(request, provider, capabilities)
  const issues = [...incompatible, ...(provider.check?.(request, name) ?? [])]
  if (issues.length > 0) throw new GatewayError('invalid_request', refusalOf(issues))
  const isKept = provider.native?.rewrites(request) === false
  if (raw.roundedNumberAt !== undefined && !isKept) throw roundedNumber(raw.json.toString(), raw.roundedNumberAt)
  const warnings = [...dropped, ...(provider.warnings?.(request, name) ?? [])]
  if (provider.native) return { model, request, warnings, json: raw.json }
  const messages = withoutUnshown(request.messages, (picture) => isShown(picture, provider.matrix, capabilities))
  return { model, request: messages === request.messages ? request : { ...request, messages: [...messages] }, warnings }
}

function refusalOf(issues: readonly Issue[]): ErrorDetails {
  const isOfThread = issues.some(({ param }) => param === 'thread')
  return { ...invalidRequestDetails(issues), ...(isOfThread && { clientDetails: cannotKeep }) }
}

/** In Anthropic's words, by which its clients know to send the whole conversation instead. */
const cannotKeep = { error_code: 'thread_unsupported_request', unsupported: ['model'] }

function fallbacksOf(request: MessageRequest): readonly string[] {
  // With a beta, `fallbacks` may be Anthropic's own, which are not texts and are for that provider to read.
  const fallbacks: readonly unknown[] = Array.isArray(request.fallbacks) ? request.fallbacks : []
  return fallbacks.filter((fallback) => typeof fallback === 'string')
}

/** The models that the provider is told to ask besides, by its own kind of fallbacks and by tools that are models. */
function* modelsWithin(request: MessageRequest): Generator<{ readonly param: string; readonly model: string }> {
  for (const field of ['fallbacks', 'tools'] as const) {
    const all: readonly unknown[] = Array.isArray(request[field]) ? request[field] : []
    for (const [index, each] of all.entries()) {
      if (isRecord(each) && typeof each.model === 'string') yield { param: `${field}[${index}].model`, model: each.model }
    }
  }
}

function resolveFallback(id: string, index: number, caller: ModelUser, models: KnownModels): ResolvedModel {
  const param = `fallbacks[${index}]`
  const resolved = models.registry.resolve(id)
  if ('problem' in resolved) throw modelError(resolved.problem, param)
  refuseUnlessAllowed(resolved.id, caller, models, param)
  return resolved
}

function refuseUnlessAllowed(id: string, caller: ModelUser, models: KnownModels, param: string): void {
  const isAllowed = models.isAllowed(id)
  if (isAllowed && caller.mayUse(id)) return
  const who = isAllowed ? 'this key may not use' : 'the operator of this gateway does not allow'
  const message = `${param}: ${who} ${id.slice(0, 200)}; GET /v1/models lists what there is.`
  throw new GatewayError('model_not_allowed', { param, message })
}

function roundedNumber(text: string, at: number): GatewayError {
  const path = pathAt(text, at)
  const param = path && paramOf(path)
  const issue = {
    ...(param && { param }),
    code: 'number_not_exact',
    message: 'the number has more digits than can be kept exactly, and digits would be lost',
  }
  return new GatewayError('invalid_request', invalidRequestDetails([issue]))
}

/** The schema has vouched for the rest, or a provider that reads the caller's own text will. */
function isMessageRequest(body: unknown): body is MessageRequest {
  return typeof body === 'object' && body !== null && 'messages' in body && Array.isArray(body.messages)
}
