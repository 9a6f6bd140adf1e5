import { GatewayError, isErrorCode } from '../../../api/error.ts'
import { invalidRequestDetails } from '../../../api/issues.ts'
import type { LiveAsking } from '../plan.ts'

/** A turn is checked as a run is; whoever talks has said what it consists of in `hello`, and is told where in there something is wrong. */

/** Does something, and tells what is wrong by the fields of `hello`. */
export async function atHello<Result>(asking: LiveAsking, check: () => Promise<Result>): Promise<Result> {
  try {
    return await check()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const issues = (error.issues ?? []).map((issue) => ({
      ...issue,
      ...(issue.param !== undefined && { param: placeOf(issue.param, asking) }),
    }))
    // What is more than a wrong field keeps its own status.
    if (issues.length > 0 && error.type === 'invalid_request_error') {
      throw new GatewayError('invalid_request', invalidRequestDetails(issues))
    }
    throw error.param === undefined ? error : placed(error, placeOf(error.param, asking))
  }
}

/** The error at a field, of which it is the one issue. */
export function placed(error: unknown, param: string): unknown {
  if (!(error instanceof GatewayError) || !isErrorCode(error.code)) return error
  const { code, message, param: before } = error
  const said = before !== undefined && message.startsWith(`${before}: `) ? message.slice(before.length + 2) : message
  return new GatewayError(code, {
    param,
    message: `${param}: ${said}`,
    issues: [{ param, code, message: said }],
    recovery: error.recovery,
    cause: error,
  })
}

/** Where in `hello` a field of the run stands. */
function placeOf(param: string, { clientTools }: LiveAsking): string {
  const tool = /^request\.tools\[(\d+)\](.*)$/.exec(param)
  if (tool) {
    const [, index = '0', rest = ''] = tool
    // What is wrong with the tool that speaks is wrong with the model.
    return Number(index) < clientTools.length ? `tools.client_tools[${index}]${rest}` : 'model'
  }
  for (const [from, to] of places) if (param.startsWith(from)) return to + param.slice(from.length)
  return param
}

const places = [
  ['request.', ''],
  ['builtins', 'tools.server_tools'],
  ['run.tool_config', 'tools.server_tool_config'],
  ['run.max_tool_calls', 'tools.max_tool_calls'],
  ['run.tool_timeout_ms', 'tools.timeout_ms'],
] as const
