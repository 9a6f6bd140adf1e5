import type { CodeExecutionTool, Tool, WebFetchTool, WebSearchTool } from '../../api/schemas.gen.ts'

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
