import type { ObjectSchema, Service, Tool, ToolCall, ToolOutput } from './tool.ts'

/** A tool whose code knows the types of its arguments and settings from their JSON schemas. */
export interface ToolDefinition<Input extends ObjectSchema, Config extends ObjectSchema> {
  readonly name: string
  readonly description: string
  readonly input: Input
  readonly config: Config
  /** Whether a call changes nothing; false where it is left out. */
  readonly readOnly?: boolean
  readonly services?: readonly Service[]
  readonly needs?: (config: Fitting<Config>) => readonly Service[]
  readonly run: (input: Fitting<Input>, config: Fitting<Config>, call: ToolCall) => Promise<ToolOutput>
}

/** Makes a tool of its definition. Schemas that stand elsewhere are written `as const`, or their types are lost. */
export function defineTool<const Input extends ObjectSchema, const Config extends ObjectSchema>(
  definition: ToolDefinition<Input, Config>,
): Tool {
  const { name, description, input, config, readOnly = false, services = [], needs = () => [], run } = definition
  return {
    name,
    description,
    inputSchema: input,
    configSchema: config,
    readOnly,
    services,
    needs: (given) => needs(given as Fitting<Config>),
    // Whoever calls it has checked both against the schemas that their types come from.
    run: (given, set, call) => run(given as Fitting<Input>, set as Fitting<Config>, call),
  }
}

/** The type of what fits a JSON schema, as far as `type`, `enum`, `items`, `properties` and `required` tell it. */
export type Fitting<Schema> = Schema extends { readonly enum: readonly (infer Value)[] }
  ? Value
  : Schema extends { readonly type: 'string' }
    ? string
    : Schema extends { readonly type: 'integer' | 'number' }
      ? number
      : Schema extends { readonly type: 'boolean' }
        ? boolean
        : Schema extends { readonly type: 'array'; readonly items: infer Items }
          ? readonly Fitting<Items>[]
          : Schema extends { readonly type: 'object'; readonly properties: infer Members }
            ? FittingMembers<Members, NamesOfRequired<Schema>>
            : unknown

type FittingMembers<Members, Names> = {
  readonly [Name in keyof Members as Name extends Names ? Name : never]: Fitting<Members[Name]>
} & {
  readonly [Name in keyof Members as Name extends Names ? never : Name]?: Fitting<Members[Name]>
}

type NamesOfRequired<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never
