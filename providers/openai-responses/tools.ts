import type { ResponseIncludable, Tool as ResponsesTool, ToolChoiceTypes } from 'openai/resources/responses/responses'
import type { McpServer, MessageRequest, Tool, ToolChoice } from '../../api/schemas.gen.ts'
import { refuse } from './content.ts'

/** The fields of a request that say which tools there are and how they are to be used. */
export function toolFields(request: MessageRequest): Readonly<Record<string, unknown>> {
  const given = request.tools ?? []
  const picture = pictureTool(request.output)
  const tools: ResponsesTool[] = [
    ...given.map(toolOf),
    ...(request.mcp_servers ?? []).filter(isOn).map(mcpOf),
    ...(picture ? [picture] : []),
  ]
  if (tools.length === 0) return {}
  const choice = request.tool_choice
  const once = choice && 'disable_parallel_tool_use' in choice && choice.disable_parallel_tool_use
  const searches = searchLimit(given)
  return {
    tools,
    ...(choice ? { tool_choice: choiceOf(choice, given) } : wantsPictureOnly(request.output) && { tool_choice: pictureOnly }),
    ...(once && { parallel_tool_calls: false }),
    ...(searches !== undefined && { max_tool_calls: searches }),
  }
}

/** What is asked for beyond the answer itself, so that the results of the API's own tools are told and go back with the calls. */
export function includes(tools: readonly Tool[]): string[] {
  return tools.flatMap(({ type }): ResponseIncludable[] => {
    if (type === 'web_search') return ['web_search_call.action.sources']
    if (type === 'code_execution') return ['code_interpreter_call.outputs']
    return type === 'file_search' ? ['file_search_call.results'] : []
  })
}

/** Whether there are tools beside `web_search` that the API runs, whose calls would count against its limit. */
export function hasOtherServerTools({ tools, mcp_servers: servers, output }: MessageRequest): boolean {
  const others = (tools ?? []).some(({ type }) => type === 'code_execution' || type === 'file_search')
  return others || (servers ?? []).some(isOn) || pictureTool(output) !== undefined
}

function toolOf(tool: Tool, at: number): ResponsesTool {
  switch (tool.type) {
    case undefined:
    case null:
    case 'custom':
    case 'function':
      return {
        type: 'function',
        name: tool.name,
        ...(tool.description !== undefined && { description: tool.description }),
        parameters: { ...tool.input_schema },
        // Without it the API takes every schema for a strict one.
        strict: tool.strict ?? false,
      }
    case 'web_search': {
      const { allowed_domains: domains, user_location: location } = tool.config ?? {}
      return {
        type: 'web_search',
        ...(domains && { filters: { allowed_domains: domains } }),
        ...(location && { user_location: location }),
      }
    }
    case 'code_execution':
      return { type: 'code_interpreter', container: { type: 'auto' } }
    case 'file_search': {
      const { vector_store_ids: ids, max_num_results: most } = tool.config
      return { type: 'file_search', vector_store_ids: ids, ...(most !== undefined && { max_num_results: most }) }
    }
    default:
      return refuse(tool.type, `tools[${at}].type`)
  }
}

function isOn({ tool_configuration: configuration }: McpServer): boolean {
  return configuration?.enabled !== false
}

function mcpOf({ name, url, authorization_token: token, tool_configuration: configuration }: McpServer): ResponsesTool {
  return {
    type: 'mcp',
    server_label: name,
    server_url: url,
    ...(token && { authorization: token }),
    ...(configuration?.allowed_tools && { allowed_tools: configuration.allowed_tools }),
    // Nobody is there to approve: who names a server trusts it.
    require_approval: 'never',
  }
}

type Output = NonNullable<MessageRequest['output']>

function pictureTool(output: Output | undefined): Extract<ResponsesTool, { type: 'image_generation' }> | undefined {
  if (!output?.modalities?.includes('image')) return undefined
  const { size, quality, format } = output.image ?? {}
  // Which values there are is for the API to say.
  const options: object = { ...(size && { size }), ...(quality && { quality }), ...(format && { output_format: format }) }
  return { type: 'image_generation', ...options }
}

const pictureOnly: ToolChoiceTypes = { type: 'image_generation' }

function wantsPictureOnly(output: Output | undefined): boolean {
  return output?.modalities?.every((modality) => modality === 'image') ?? false
}

function choiceOf(choice: ToolChoice, tools: readonly Tool[]): unknown {
  switch (choice.type) {
    case 'auto':
    case 'none':
      return choice.type
    case 'any':
      return 'required'
    case 'tool':
      return namedChoice(choice.name, tools)
  }
}

/** The caller's own tool of this name, or the API's that the portable one stands for. */
function namedChoice(name: string, tools: readonly Tool[]): object {
  const type = tools.some((tool) => 'name' in tool && tool.name === name) ? undefined : ownTypes.get(name)
  return type ? { type } : { type: 'function', name }
}

const ownTypes: ReadonlyMap<string, string> = new Map([
  ['web_search', 'web_search'],
  ['code_execution', 'code_interpreter'],
  ['file_search', 'file_search'],
])

/** The API limits calls of all of its tools together, which is the same where search is the only one. */
function searchLimit(tools: readonly Tool[]): number | undefined {
  const search = tools.find((tool) => tool.type === 'web_search')
  return search?.type === 'web_search' ? search.config?.max_uses : undefined
}
