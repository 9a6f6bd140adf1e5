import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../../api/error.ts'
import type { CustomTool, LiveClientTool, MessageParam } from '../../../api/schemas.gen.ts'
import type { PreparedRun } from '../../runs/prepare.ts'
import type { LiveCaller } from '../caller.ts'
import type { LiveAsking } from '../plan.ts'
import { atHello } from './places.ts'
import { speakingDefinition, spokenAsWritten, spokenByCall } from './words.ts'

/** Who asks for a turn, as far as that is needed to check it. */
export type TurnAsker = Pick<LiveCaller, 'principal' | 'headers' | 'allotment'>

/** A turn that may begin. */
export interface PreparedTurn {
  readonly run: PreparedRun
  /** How long what is asked is as JSON, in bytes. */
  readonly jsonBytes: number
}

/**
 * Checks a turn as `POST /v1/runs` checks a run, and makes one of it: with what the gateway says of voice, the tool that speaks, and
 * the tools of the client. A model that can call no tools speaks by what it writes, where that is spoken at all. Throws one
 * `GatewayError` with every issue, by the fields of `hello`.
 */
export function prepareTurn(
  app: Pick<FastifyInstance, 'runs'>,
  asking: LiveAsking,
  messages: readonly MessageParam[],
  asker: TurnAsker,
): Promise<PreparedTurn> {
  const hasTools = asking.clientTools.length + asking.serverTools.length > 0
  return atHello(asking, async () => {
    try {
      return await prepared(app, asking, messages, asker, true)
    } catch (error) {
      if (hasTools || asking.speechGate === 'strict' || !isAgainstSpeaking(error, asking)) throw error
      return prepared(app, asking, messages, asker, false)
    }
  })
}

async function prepared(
  app: Pick<FastifyInstance, 'runs'>,
  asking: LiveAsking,
  messages: readonly MessageParam[],
  { principal, headers, allotment: { times, sizes } }: TurnAsker,
  speaksByCall: boolean,
): Promise<PreparedTurn> {
  const body = bodyOf(asking, messages, times.answerMs, speaksByCall)
  const json = Buffer.from(JSON.stringify(body))
  const raw = { body, json, roundedNumberAt: undefined, schemaError: undefined, hasBeta: false }
  const run = await app.runs.prepare(raw, { principal, headers, times, sizes, takesPart: true })
  return { run, jsonBytes: json.byteLength }
}

function bodyOf(asking: LiveAsking, messages: readonly MessageParam[], answerMs: number, speaksByCall: boolean): object {
  const { model, maxTokens, system, clientTools, serverTools, serverToolConfig, toolTimeoutMs, maxToolCalls } = asking
  const tools = [...clientTools.map(definitionOf), ...(speaksByCall ? [speakingDefinition] : [])]
  return {
    request: {
      model,
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
      system: systemOf(system, speaksByCall ? spokenByCall : spokenAsWritten),
      messages,
      ...(tools.length > 0 && { tools }),
    },
    builtins: serverTools,
    run: {
      timeout_ms: answerMs,
      tool_timeout_ms: toolTimeoutMs,
      max_tool_calls: maxToolCalls,
      tool_config: serverToolConfig,
    },
  }
}

/** The gateway's words come last, so that what the caller has written stays where it was, its marks for a cache too. */
function systemOf(own: LiveAsking['system'], words: string): string | object[] {
  if (own === undefined || own === '') return words
  return typeof own === 'string' ? `${own}\n\n${words}` : [...own, { type: 'text', text: words }]
}

function definitionOf({ name, description, input_schema }: LiveClientTool): CustomTool {
  return { name, ...(description !== undefined && { description }), input_schema }
}

/** Whether nothing stands against it but the tool that speaks, which the model cannot be told of. */
function isAgainstSpeaking(error: unknown, { clientTools }: LiveAsking): boolean {
  const speaking = `request.tools[${clientTools.length}]`
  const issues = (error instanceof GatewayError && error.issues) || []
  return issues.length > 0 && issues.every(({ param }) => param?.startsWith(speaking))
}
