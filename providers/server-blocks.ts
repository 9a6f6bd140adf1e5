import type { ContentBlockParam } from '../api/schemas.gen.ts'

/** A block that tells what the tools of a provider, or of an MCP server, did: a call or its result. Its ids may be sealed. */
export type ServerBlock = Extract<ContentBlockParam, { type: ServerBlockType }>

export type ServerBlockType = 'server_tool_use' | 'mcp_tool_use' | Extract<ContentBlockParam['type'], `${string}_tool_result`>

const toolOf: Readonly<Record<ServerBlockType, 'server_tool' | 'mcp_tool'>> = {
  server_tool_use: 'server_tool',
  web_search_tool_result: 'server_tool',
  web_fetch_tool_result: 'server_tool',
  code_execution_tool_result: 'server_tool',
  bash_code_execution_tool_result: 'server_tool',
  text_editor_code_execution_tool_result: 'server_tool',
  tool_search_tool_result: 'server_tool',
  file_search_tool_result: 'server_tool',
  mcp_tool_use: 'mcp_tool',
  mcp_tool_result: 'mcp_tool',
}

export const serverBlockTypes: readonly string[] = Object.keys(toolOf)

export function isServerBlock(block: ContentBlockParam): block is ServerBlock {
  return Object.hasOwn(toolOf, block.type)
}

/** Which feature of a request it is, without its provider. */
export function serverFeatureOf({ type }: ServerBlock): `block.${'server_tool' | 'mcp_tool'}` {
  return `block.${toolOf[type]}`
}

/** The id of the call that it is or answers, by which its owner is known. */
export function callIdOf(block: ServerBlock): string {
  return 'tool_use_id' in block ? block.tool_use_id : block.id
}
