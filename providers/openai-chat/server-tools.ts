import { paramOf } from '../../api/param.ts'
import type { CodeExecutionTool, Issue, MessageRequest, Tool, WebFetchTool, WebSearchTool } from '../../api/schemas.gen.ts'

/** The portable tools that a server may run itself. */
export type ServerTool = WebSearchTool | WebFetchTool | CodeExecutionTool

/** What a request says so that the server runs these tools. */
export interface ServerToolFields {
  /** Elements of `tools`. */
  readonly tools: readonly object[]
  /** Further members of the request. */
  readonly fields?: Readonly<Record<string, unknown>>
}

export type ServerTools = (tools: readonly ServerTool[], model: string) => ServerToolFields

export function isServerTool(tool: Tool): tool is ServerTool {
  return tool.type === 'web_search' || tool.type === 'web_fetch' || tool.type === 'code_execution'
}

/**
 * Refuses the members of a tool's config that cannot be said, rather than to leave a limit out. `isKept` gets the path of a member:
 * `max_uses`, or `user_location.city` for a member of a member; what is kept as a whole is not looked into.
 */
export function configIssues(
  { tools = [] }: MessageRequest,
  name: string,
  isKept: (type: ServerTool['type'], member: string) => boolean,
): Issue[] {
  const issues: Issue[] = []
  for (const [at, tool] of tools.entries()) {
    if (!isServerTool(tool)) continue
    for (const path of membersOf(tool.config ?? {})) {
      if (isKept(tool.type, path[0] ?? '') || isKept(tool.type, path.join('.'))) continue
      const message = `${name} cannot limit its ${tool.type} in this way; leave it out, or use an anthropic model`
      issues.push({ param: paramOf(['tools', at, 'config', ...path]), code: 'unsupported_parameter', message })
    }
  }
  return issues
}

/** The paths of what is said; the type of an object says nothing. */
function membersOf(config: object): string[][] {
  return Object.entries(config).flatMap(([name, value]): string[][] => {
    if (value === undefined || value === null || value === false || name === 'type') return []
    if (typeof value !== 'object' || Array.isArray(value)) return [[name]]
    return membersOf(value).map((path) => [name, ...path])
  })
}
