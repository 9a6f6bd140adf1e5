import { within } from '../api/deadline.ts'
import { GatewayError } from '../api/error.ts'
import { newId } from '../api/id.ts'
import { isRecord, parseJson } from '../api/json.ts'
import type { KnownSecrets } from '../api/known-secrets.ts'
import { describeStatus, readErrorBody, send, type UpstreamResponse } from '../providers/http.ts'
import type { Timeouts } from '../providers/provider.ts'
import type { HttpToolDefinition } from './http-tool-definition.ts'
import type { HttpToolKeys } from './http-tool-keys.ts'
import { signatureHeaders } from './signature.ts'
import { type Arguments, type Tool, type ToolCall, ToolError, type ToolOutput } from './tool.ts'
import { bytesOf, cleanUntrusted, excerpt, markUntrusted, untrustedNotice } from './untrusted.ts'

/**
 * A tool that is an endpoint of the operator's: each call is a POST of JSON, `{tool, tool_call_id, request_id, tenant, input}`, in which
 * `tenant` may be null. It answers with what the model is to read: JSON `{content, is_error?}`, any other JSON, or text. No redirect is
 * followed, nothing is tried again, and keys are masked in whatever it says.
 */
export function httpTool(definition: HttpToolDefinition, keys: Keys): Tool {
  const { name, description, inputSchema } = definition
  return {
    name,
    description,
    inputSchema,
    configSchema: { type: 'object', properties: {}, additionalProperties: false },
    // Each call is a POST, of which nobody says that it changes nothing.
    readOnly: false,
    services: [],
    needs: () => [],
    run: (input, _, call) => runWithin(definition.timeoutMs, call, (signal) => ask(call, signal, definition, keys, input)),
  }
}

/** What it is called with, and all that must not be read in what it says. */
type Keys = Pick<HttpToolKeys, 'auth' | 'signing'> & { readonly known: KnownSecrets }

/** Runs something that ends by its signal when the call's does, or when the tool has taken longer than the operator allows. */
function runWithin<Result>(
  timeoutMs: number | undefined,
  { clock, signal }: ToolCall,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (timeoutMs === undefined) return run(signal)
  return within(clock, timeoutMs, signal, () => new ToolError(`The tool did not answer within ${timeoutMs} ms.`), run)
}

async function ask(
  call: ToolCall,
  signal: AbortSignal,
  definition: HttpToolDefinition,
  keys: Keys,
  input: Arguments,
): Promise<ToolOutput> {
  try {
    const response = await sendTo(call, signal, definition, keys, input)
    const text = await (response.status < 300
      ? answerOf(response, definition)
      : refusalOf(response, { signal, clock: call.clock }, definition, keys))
    const output = outputOf(text, response)
    return { ...output, content: written(definition, keys.known.mask(output.content), call.maxResultBytes) }
  } catch (error) {
    call.signal.throwIfAborted()
    const [told, reason] = reasonOf(signal.aborted ? signal.reason : error)
    call.log.warn({ tool: definition.name, reason }, "a tool of the operator's failed")
    throw told
  }
}

/** What the model is told of a failure, and what the operator is. */
function reasonOf(error: unknown): readonly [told: unknown, reason: unknown] {
  if (error instanceof GatewayError) return [new ToolError(failures[error.code] ?? otherFailure), error.code]
  if (error instanceof Refusal) return [error, `HTTP ${error.status}`]
  return [error, error instanceof ToolError ? error.message : 'unforeseen']
}

function sendTo(
  call: ToolCall,
  signal: AbortSignal,
  { name, url, headers }: HttpToolDefinition,
  { auth, signing }: Keys,
  input: Arguments,
): Promise<UpstreamResponse> {
  const { requestId, tenant = null, clock, timeoutMs, dispatcher, trace } = call
  const body = Buffer.from(JSON.stringify({ tool: name, tool_call_id: call.id, request_id: requestId, tenant, input }))
  const now = clock.wallclock()
  const timeouts: Timeouts = { firstByteMs: timeoutMs, idleMs: timeoutMs }
  const line = { signal, timeouts, clock, dispatcher, baseURL: new URL('/', url), ...(trace && { trace }) }
  return send(line, name, {
    method: 'POST',
    path: url.pathname + url.search,
    headers: {
      accept: 'application/json, text/*',
      ...headers,
      ...auth,
      ...(signing && signatureHeaders(signing, newId('msg', now), now, body)),
    },
    body,
  })
}

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The body of an answer that is one. */
async function answerOf(response: UpstreamResponse, { maxResultBytes }: HttpToolDefinition): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > maxResultBytes) throw new ToolError(`The tool answered with more than ${maxResultBytes} bytes.`)
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks, size))
  } catch {
    throw new ToolError('The tool answered with what is not UTF-8.')
  }
}

/** Throws what the model is told of an answer that is none. */
async function refusalOf(
  response: UpstreamResponse,
  call: Pick<ToolCall, 'signal' | 'clock'>,
  definition: HttpToolDefinition,
  keys: Keys,
): Promise<never> {
  const { status } = response
  const body = await readErrorBody(response, call)
  const isText = isJson(response) || mediaTypeOf(response) === 'text/plain'
  // Before it is cut, as a piece of a key would not be known as one.
  const said = isText ? keys.known.mask(body).trim().slice(0, excerptCharacters) : ''
  if (status >= 300 && status < 400)
    throw new Refusal(status, `The tool answered with a redirect (HTTP ${status}), which is not followed.`)
  if (said === '') throw new Refusal(status, `The tool failed: ${describeStatus(status, body)}`)
  throw new Refusal(
    status,
    `The tool failed: HTTP ${status}:${definition.untrusted ? `\n\n${marked(definition, said)}` : ` ${said}`}`,
  )
}

/** Another status than 2xx. What came with it is for the model, and may repeat what a caller said: the log has the status alone. */
class Refusal extends ToolError {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const excerptCharacters = 500

function outputOf(text: string, response: UpstreamResponse): ToolOutput {
  if (text.trim() === '') return { content: 'The tool succeeded and said nothing.' }
  if (!isJson(response)) {
    if (mediaTypeOf(response).startsWith('text/')) return { content: text }
    // What it is instead is not repeated: a header is as good a place for a key as any.
    throw new ToolError('The tool answered with something whose content type is neither JSON nor text.')
  }
  const json = parseJson(text)
  if (json === undefined) throw new ToolError('The tool answered with what is not valid JSON.')
  if (!isRecord(json) || typeof json.content !== 'string') return { content: text }
  if (json.is_error !== undefined && typeof json.is_error !== 'boolean') return { content: text }
  return { content: json.content, ...(json.is_error !== undefined && { isError: json.is_error }) }
}

function isJson(response: UpstreamResponse): boolean {
  return /^application\/(?:[\w.+-]+\+)?json$/.test(mediaTypeOf(response))
}

function mediaTypeOf({ headers }: UpstreamResponse): string {
  return String(headers['content-type'] ?? '')
    .replace(/;.*$/s, '')
    .trim()
    .toLowerCase()
}

/** What the model reads of an answer: as much of it as a result may have, with its mark where it needs one. */
function written(definition: HttpToolDefinition, content: string, maxBytes: number): string {
  const mark = (text: string): string => (definition.untrusted ? marked(definition, text) : text)
  const text = definition.untrusted ? cleanUntrusted(content) : content
  if (bytesOf(mark(text)) <= maxBytes) return mark(text)
  const note = `The answer was cut off: a result has at most ${maxBytes} bytes.`
  return `${mark(excerpt(text, text.length, maxBytes - bytesOf(`${mark('')}\n\n${note}`)))}\n\n${note}`
}

function marked({ name }: HttpToolDefinition, content: string): string {
  return `${untrustedNotice}\n\n${markUntrusted(`tool:${name}`, content)}`
}

// ── Failures ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the model is told; the operator finds the code in the log. */
const failures: Readonly<Record<string, string>> = {
  provider_timeout: 'The tool did not answer in time.',
  provider_unreachable: 'The tool cannot be reached.',
  provider_disconnected: 'The tool broke off in the middle of its answer.',
  provider_protocol: 'The tool sent what cannot be read.',
  provider_untrusted: 'The tool cannot be reached: its certificate is not trusted.',
}
const otherFailure = 'The tool failed.'
