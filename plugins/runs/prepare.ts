import { GatewayError, isErrorCode } from '../../api/error.ts'
import { invalidRequestDetails, issueAt } from '../../api/issues.ts'
import { arrayOf, isRecord } from '../../api/json.ts'
import { SchemaMismatch } from '../../api/schema-mismatch.ts'
import type { CustomTool, Issue } from '../../api/schemas.gen.ts'
import { editMembers, memberOf, withItems } from '../../text/json-bytes.ts'
import { scanJson } from '../../text/json-text.ts'
import { nearest } from '../../text/nearest.ts'
import { checkOf } from '../../tools/schema.ts'
import type { Arguments, Tool } from '../../tools/tool.ts'
import type { PreparedRequest, RawRequest } from '../messages/prepare.ts'
import type { Limits } from './loop.ts'

/** A run that may begin. */
export interface PreparedRun {
  readonly request: PreparedRequest
  /** The tools that the model is offered, each with what it is set to. */
  readonly tools: readonly ChosenTool[]
  readonly limits: RunLimits
}

export interface ChosenTool {
  readonly tool: Tool
  readonly config: Arguments
}

/** Milliseconds. */
export interface RunLimits extends Limits {
  readonly timeoutMs: number
  readonly toolTimeoutMs: number
  /** How many tools run at the same time. */
  readonly parallel: number
}

/** What has to be known to check a run. */
export interface RunRules {
  readonly tools: ReadonlyMap<string, Tool>
  /** Whether the caller may use a tool. */
  mayUse(tool: string): boolean
  /** Whether the caller may bring tools that it runs itself. */
  readonly takesCallersTools?: boolean
  /** Checks a request for a model's answer, as `POST /v1/messages` does; throws as it does. */
  prepare(raw: RawRequest): PreparedRequest
  /** The most that may be asked for. */
  readonly most: MostOfRun
}

export interface MostOfRun {
  readonly turns: number
  readonly toolCalls: number
  readonly parallel: number
  readonly toolMs: number
  /** Milliseconds for all of it. */
  readonly runMs: number
  /** All text of the conversation together, in bytes. */
  readonly textBytes: number
}

/**
 * Checks everything about a run that can be known before a model is asked, and the request within it as one for an answer. Throws one
 * `GatewayError` that lists every issue: those of the request with `request.` before their path.
 */
export async function prepareRun(raw: RawRequest, rules: RunRules): Promise<PreparedRun> {
  if (raw.schemaError && !(raw.schemaError instanceof SchemaMismatch)) throw raw.schemaError
  const body = isRecord(raw.body) ? raw.body : {}
  const names = namesIn(body.builtins)
  const offered = offeredOf(names, rules.tools)
  const tools = offered.map(({ tool }) => tool)
  const options = optionsOf(body.run, rules.most)
  const configs = await configsOf(body.run, tools)
  const issues = [
    ...(raw.schemaError?.issuesOutside('request') ?? []),
    ...(rules.takesCallersTools ? [] : callerToolIssues(body.request)),
    ...threadIssues(body.request),
    ...builtinIssues(names, rules),
    ...options.issues,
    ...configs.issues,
  ]
  const request = prepareRequest(raw, body.request, offered, rules)
  // What is more than a wrong field keeps its own status where no field is wrong besides.
  const isAlone = issues.length === 0 && 'failure' in request
  if ('issues' in request && !isAlone) issues.push(...request.issues)
  if (issues.length > 0) throw new GatewayError('invalid_request', invalidRequestDetails(issues))
  const forbidden = names.find(({ name }) => !rules.mayUse(name))
  if (forbidden) throw notAllowed(forbidden)
  if ('issues' in request) throw request.failure ?? new GatewayError('invalid_request')
  const chosen = tools.map((tool) => ({ tool, config: configs.byName.get(tool.name) ?? {} }))
  return { request: request.prepared, tools: chosen, limits: options.limits }
}

// ── The request within ──────────────────────────────────────────────────────────────────────────────────────────────────

type Request = { readonly prepared: PreparedRequest } | { readonly issues: readonly Issue[]; readonly failure?: GatewayError }

/** Prepares the request as the model will get it: streamed, and with the gateway's tools after its own. */
function prepareRequest(raw: RawRequest, given: unknown, offered: readonly Offered[], rules: RunRules): Request {
  if (!isRecord(given)) return { issues: [] }
  const own = given.tools === undefined ? [] : given.tools
  const definitions = offered.map(({ tool }) => definitionOf(tool))
  const all = Array.isArray(own) ? [...own, ...definitions] : own
  const hasTools = given.tools !== undefined || definitions.length > 0
  const json = requestJson(raw.json, Array.isArray(own) ? definitions : [])
  const schemaError = raw.schemaError instanceof SchemaMismatch ? raw.schemaError.within('request') : undefined
  const isStreaming = given.stream === true ? [issueAt(['request', 'stream'], 'stream_has_route', streamElsewhere)] : []
  try {
    const prepared = rules.prepare({
      body: { ...given, stream: true, ...(hasTools && { tools: all }) },
      json,
      roundedNumberAt: raw.roundedNumberAt === undefined ? undefined : scanJson(json.toString()).inexact,
      schemaError,
      hasBeta: raw.hasBeta,
      isRun: true,
    })
    return isStreaming.length > 0 ? { issues: isStreaming } : { prepared }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const place = placeIn(arrayOf(own).length, offered)
    const issues = [...isStreaming, ...(error.issues ?? []).map((issue) => placed(issue, place))]
    const isOfFields = error.issues && error.type === 'invalid_request_error'
    return isOfFields || isStreaming.length > 0 ? { issues } : { issues, failure: placedError(error, place) }
  }
}

const streamElsewhere = 'a run is streamed by POST /v1/runs:stream; leave stream out'

/** What a model is told of a tool. */
function definitionOf({ name, description, inputSchema }: Tool): CustomTool {
  return { name, description, input_schema: inputSchema }
}

/** The caller's own text of the request, for a provider that reads it itself. */
function requestJson(runJson: Buffer, definitions: readonly CustomTool[]): Buffer {
  const request = memberOf(runJson, 'request') ?? nothing
  const tools = memberOf(request, 'tools') ?? emptyArray
  const added = definitions.map((definition) => JSON.stringify(definition))
  return editMembers(request, { stream: 'true', ...(added.length > 0 && { tools: withItems(tools, added) }) })
}

const nothing = Buffer.from('{}')
const emptyArray = Buffer.from('[]')

/** Where in the run a field of the request stands: the tools after the caller's own are those that are offered. */
function placeIn(ownTools: number, offered: readonly Offered[]): (param: string) => string {
  return (param) => {
    const [, index] = /^tools\[(\d+)\]/.exec(param) ?? []
    const builtin = index === undefined ? undefined : offered[Number(index) - ownTools]
    return builtin ? `builtins[${builtin.index}]` : `request.${param}`
  }
}

function placed(issue: Issue, place: (param: string) => string): Issue {
  return { ...issue, param: issue.param === undefined ? 'request' : place(issue.param) }
}

/** The error with its field where it stands in the run, in its message too where that begins with it. */
function placedError(error: GatewayError, place: (param: string) => string): GatewayError {
  const { code, param, message, issues } = error
  if (param === undefined || !isErrorCode(code)) return error
  const at = place(param)
  const text = message.startsWith(`${param}:`) ? `${at}${message.slice(param.length)}` : message
  return new GatewayError(code, {
    param: at,
    message: text,
    ...(issues && { issues: issues.map((issue) => placed(issue, place)) }),
  })
}

// ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function threadIssues(request: unknown): Issue[] {
  const isKept = isRecord(request) && request.thread !== undefined && request.thread !== null
  return isKept ? [issueAt(['request', 'thread'], 'unsupported_parameter', wholeConversation)] : []
}

const wholeConversation = 'a run sends the whole conversation with each of its requests; leave thread out'

function callerToolIssues(request: unknown): Issue[] {
  const tools = isRecord(request) ? arrayOf(request.tools) : []
  return tools.flatMap((tool, index) => {
    if (!isRecord(tool) || !isCallers(tool.type)) return []
    return issueAt(['request', 'tools', index], 'caller_tool', callerTool)
  })
}

const callerTool =
  'a run cannot call back to its caller; name tools of the gateway in builtins, or use POST /v1/messages and run this one yourself'

/** Tools of the caller's own making, and those of a provider's making that the caller runs. */
function isCallers(type: unknown): boolean {
  if (type === undefined || type === null) return true
  return typeof type === 'string' && (callersOwn.includes(type) || runByCaller.test(type))
}

const callersOwn: readonly string[] = ['custom', 'function', 'computer_use', 'text_editor']
const runByCaller = /^(?:bash|text_editor|memory|computer|browser_toolset|computer_toolset)_\d{8}$/

/** A name in `builtins`, and where it stands there. */
interface Named {
  readonly name: string
  readonly index: number
}

/** A tool that the model is offered, and where in `builtins` it is named first. */
interface Offered {
  readonly tool: Tool
  readonly index: number
}

/** What can be names; what else stands there, and how many may, is for the schema to tell. */
function namesIn(builtins: unknown): Named[] {
  return arrayOf(builtins)
    .slice(0, mostNames)
    .flatMap((name, index) => (typeof name === 'string' && name !== '' && name.length <= longestName ? [{ name, index }] : []))
}

/** As in the contract. */
const mostNames = 64
const longestName = 64

function offeredOf(names: readonly Named[], tools: RunRules['tools']): Offered[] {
  const offered = new Map<Tool, Offered>()
  for (const { name, index } of names) {
    const tool = tools.get(name)
    if (tool && !offered.has(tool)) offered.set(tool, { tool, index })
  }
  return [...offered.values()]
}

function builtinIssues(names: readonly Named[], { tools, mayUse }: RunRules): Issue[] {
  const usable = [...tools.keys()].filter(mayUse)
  return names.flatMap(({ name, index }) => {
    if (names.some((before) => before.name === name && before.index < index))
      return issueAt(['builtins', index], 'duplicate', `${JSON.stringify(name)} stands before`)
    return tools.has(name) ? [] : issueAt(['builtins', index], 'unknown_builtin', unknownBuiltin(name, usable))
  })
}

function unknownBuiltin(name: string, usable: readonly string[]): string {
  const near = nearest(name, usable)
  const known = usable.length === 0 ? 'There are none.' : `There are: ${usable.join(', ')}`
  return `the gateway has no tool ${JSON.stringify(name)}${near ? `; did you mean "${near}"?` : '.'} ${known}`
}

function notAllowed({ name, index }: Named): GatewayError {
  const message = `builtins[${index}]: the tool ${name} may not be used with this key.`
  return new GatewayError('tool_not_allowed', { param: `builtins[${index}]`, message })
}

// ── Options ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the caller asks for, within what may be asked for. What is of the wrong type is for the schema to tell. */
function optionsOf(run: unknown, most: MostOfRun): { readonly limits: RunLimits; readonly issues: readonly Issue[] } {
  const given = isRecord(run) ? run : {}
  const issues: Issue[] = []
  const within = (name: string, usual: number, limit: number): number => {
    const value = given[name]
    if (typeof value !== 'number') return Math.min(usual, limit)
    if (value > limit) {
      issues.push(issueAt(['run', name], 'out_of_range', `must be at most ${limit}, which is what this gateway allows`))
    }
    return value
  }
  const limits = {
    maxTurns: within('max_turns', 8, most.turns),
    maxToolCalls: within('max_tool_calls', 20, most.toolCalls),
    maxTokens: within('max_tokens', 0, Number.POSITIVE_INFINITY),
    maxTextBytes: most.textBytes,
    timeoutMs: within('timeout_ms', 60_000, most.runMs),
    toolTimeoutMs: within('tool_timeout_ms', 30_000, most.toolMs),
    parallel: given.parallel_tools === false ? 1 : most.parallel,
  }
  return { limits, issues }
}

async function configsOf(
  run: unknown,
  tools: readonly Tool[],
): Promise<{ readonly byName: ReadonlyMap<string, Arguments>; readonly issues: readonly Issue[] }> {
  const given = isRecord(run) && isRecord(run.tool_config) ? run.tool_config : {}
  const issues = Object.keys(given).flatMap((name) =>
    tools.some((tool) => tool.name === name)
      ? []
      : issueAt(['run', 'tool_config', name], 'tool_not_found', 'builtins does not name this tool'),
  )
  const byName = new Map<string, Arguments>()
  for (const { name, configSchema } of tools) {
    const config = given[name] ?? {}
    // What is of another type is for the schema of the request to tell.
    if (!isRecord(config)) continue
    const check = await checkOf(configSchema)
    const prefix = `run.tool_config.${name}`
    issues.push(...check(config).map((issue) => ({ ...issue, param: issue.param ? `${prefix}.${issue.param}` : prefix })))
    byName.set(name, config)
  }
  return { byName, issues }
}
