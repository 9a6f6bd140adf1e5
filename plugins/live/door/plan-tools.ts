import type { Issue, LiveHello, LiveTools } from '../../../api/schemas.gen.ts'
import { speakingTool } from '../history.ts'
import type { LiveAsking } from '../plan.ts'

/** The operator's. */
export interface AskingSettings {
  readonly speechGate: LiveAsking['speechGate']
  /** The longest that a call of a tool may take, in milliseconds. */
  readonly mostToolMs: number
  /** How many tools one turn may call, at most. */
  readonly mostToolCalls: number
}

/** What every turn asks of the model, of what `hello` says. */
export function askingOf(
  { model = '', system, max_tokens: maxTokens, tools = {} }: Pick<LiveHello, 'model' | 'system' | 'max_tokens' | 'tools'>,
  { speechGate, mostToolMs, mostToolCalls }: AskingSettings,
): LiveAsking {
  return {
    model,
    system,
    maxTokens,
    serverTools: tools.server_tools ?? [],
    serverToolConfig: tools.server_tool_config ?? {},
    clientTools: tools.client_tools ?? [],
    toolTimeoutMs: Math.min(tools.timeout_ms ?? usualToolMs, mostToolMs),
    maxToolCalls: Math.min(tools.max_tool_calls ?? usualToolCalls, mostToolCalls),
    speechGate,
  }
}

/** As in the contract. */
const usualToolMs = 30_000
const usualToolCalls = 20

/** What every provider takes. */
const nameForm = /^[a-zA-Z0-9_-]{1,64}$/
const nameExpected = 'letters, digits, _ and - are expected, at most 64 of them'

/** What is wrong with the tools themselves, whichever model is asked and whoever may use them. */
export function toolIssues(tools: LiveTools = {}, { mostToolMs, mostToolCalls }: AskingSettings): Issue[] {
  const { client_tools: own = [], server_tools: servers = [], timeout_ms: timeoutMs = 0, max_tool_calls: calls = 0 } = tools
  const issues = own.flatMap(({ name }, index): Issue[] => {
    const param = `tools.client_tools[${index}].name`
    if (!nameForm.test(name)) return [{ param, code: 'invalid', message: nameExpected }]
    if (name === speakingTool) {
      return [
        { param, code: 'conflict', message: `the model speaks with ${speakingTool}, which is the gateway's; take another name` },
      ]
    }
    if (own.slice(0, index).some((before) => before.name === name)) {
      return [{ param, code: 'duplicate', message: `${JSON.stringify(name)} stands before` }]
    }
    if (!servers.includes(name)) return []
    const message = `server_tools names a tool ${JSON.stringify(name)}, too, and the model could not tell them apart`
    return [{ param, code: 'conflict', message }]
  })
  const most = (param: string, value: number, limit: number): void => {
    if (value <= limit) return
    issues.push({ param, code: 'out_of_range', message: `must be at most ${limit}, which is what this gateway allows` })
  }
  most('tools.timeout_ms', timeoutMs, mostToolMs)
  most('tools.max_tool_calls', calls, mostToolCalls)
  return issues
}
