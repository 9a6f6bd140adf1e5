import type { Static, TObject } from '@sinclair/typebox'
import type { Service, Tool, ToolCall, ToolOutput } from './tool.ts'

/** A tool whose arguments and settings are told by TypeBox schemas, so that its code knows their types. */
export interface ToolDefinition<Input extends TObject, Config extends TObject> {
  readonly name: string
  readonly description: string
  readonly input: Input
  readonly config: Config
  readonly services?: readonly Service[]
  readonly needs?: (config: Static<Config>) => readonly Service[]
  readonly run: (input: Static<Input>, config: Static<Config>, call: ToolCall) => Promise<ToolOutput>
}

/** Makes a tool of its definition. */
export function defineTool<Input extends TObject, Config extends TObject>(definition: ToolDefinition<Input, Config>): Tool {
  const { name, description, input, config, services = [], needs = () => [], run } = definition
  return {
    name,
    description,
    inputSchema: plain(input),
    configSchema: plain(config),
    services,
    needs: (given) => needs(given as Static<Config>),
    // Whoever calls it has checked both against the schemas that their types come from.
    run: (given, set, call) => run(given as Static<Input>, set as Static<Config>, call),
  }
}

/** Without the symbols that TypeBox marks its schemas with. */
function plain(schema: TObject): Tool['inputSchema'] {
  return JSON.parse(JSON.stringify(schema))
}
