import type { Tool as CanonicalTool, MessageRequest, ToolChoice } from '../../api/schemas.gen.ts'
import type { GeminiDialect } from './dialect.ts'
import { refuse } from './media.ts'
import type { FunctionDeclaration, Tool, ToolConfig } from './wire.ts'

export interface ToolFields {
  readonly tools?: readonly Tool[]
  readonly toolConfig?: ToolConfig
}

export function encodeTools(request: MessageRequest, dialect: GeminiDialect): ToolFields {
  const choice = request.tool_choice
  const functions: FunctionDeclaration[] = []
  const own: Tool[] = []
  for (const [at, tool] of (request.tools ?? []).entries()) {
    if (isFunction(tool)) functions.push(declarationOf(tool))
    // Its own tools know no choice: where none is to be used, none is named.
    else if (choice?.type !== 'none') own.push(ownTool(tool, `tools[${at}].type`, dialect))
  }
  const isMixed = functions.length > 0 && own.length > 0
  const calling = choice && functions.length > 0 ? callingConfig(choice, isMixed) : undefined
  const announced = isMixed && dialect.announcesServerTools
  const tools = [...(functions.length > 0 ? [{ functionDeclarations: functions }] : []), ...own]
  return {
    ...(tools.length > 0 && { tools }),
    ...((calling || announced) && {
      toolConfig: {
        ...(calling && { functionCallingConfig: calling }),
        ...(announced && { includeServerSideToolInvocations: true }),
      },
    }),
  }
}

type FunctionTool = Extract<CanonicalTool, { input_schema: unknown }>

export function isFunction(tool: CanonicalTool): tool is FunctionTool {
  return 'input_schema' in tool
}

function declarationOf({ name, description, input_schema: schema }: FunctionTool): FunctionDeclaration {
  return { name, ...(description !== undefined && { description }), parametersJsonSchema: { ...schema } }
}

function ownTool(tool: CanonicalTool, path: string, dialect: GeminiDialect): Tool {
  switch (tool.type) {
    case 'web_search': {
      const excludeDomains = tool.config?.blocked_domains
      return { googleSearch: { ...(excludeDomains && excludeDomains.length > 0 && { excludeDomains }) } }
    }
    case 'web_fetch':
      return { urlContext: {} }
    case 'code_execution':
      return { codeExecution: {} }
    case 'file_search': {
      const { vector_store_ids: fileSearchStoreNames, max_num_results: topK } = tool.config
      return { fileSearch: { fileSearchStoreNames, ...(topK !== undefined && { topK }) } }
    }
    default:
      return refuse(`the tool ${tool.type}`, path, dialect)
  }
}

function callingConfig(choice: ToolChoice, isMixed: boolean): ToolConfig['functionCallingConfig'] {
  switch (choice.type) {
    case 'auto':
      // It is what happens anyway, and beside the provider's own tools it must not be said.
      return isMixed ? undefined : { mode: 'AUTO' }
    case 'any':
      return { mode: 'ANY' }
    case 'none':
      return { mode: 'NONE' }
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
  }
}
