import { isRecord } from '../api/json.ts'
import type { MessageRequest, Warning } from '../api/schemas.gen.ts'

/** The form that an answer is asked to have. */
export interface OutputSchema {
  readonly schema: Readonly<Record<string, unknown>>
  /** Undefined where the caller gives none. */
  readonly name: string | undefined
  readonly strict: boolean | undefined
  /** The field of the request that it stands in. */
  readonly param: 'output_format' | 'output_config.format'
}

export function outputSchemaOf({ output_format: own, output_config: config }: OutputFields): OutputSchema | undefined {
  if (own) {
    const { name, strict } = own
    return { schema: own.json_schema ?? own.schema ?? {}, name, strict, param: 'output_format' }
  }
  const format = config?.format
  return format ? { schema: format.schema, name: undefined, strict: undefined, param: 'output_config.format' } : undefined
}

type OutputFields = Pick<MessageRequest, 'output_format' | 'output_config'>

/**
 * OpenAI's strict mode, in which an answer is held to its schema. It takes some keywords only: `all` of those that OpenAI does, or
 * the `common` ones that others take as well. `none` is a model without the mode.
 */
export type StrictMode = 'all' | 'common' | 'none'

/** Whether the mode is asked for: as the caller says, else wherever the schema allows it; undefined where nothing is to be said. */
export function strictnessOf({ schema, strict }: OutputSchema, mode: StrictMode): boolean | undefined {
  return strict ?? (strictProblem(schema, mode) === undefined ? true : undefined)
}

/** Told where an answer is not held to its schema though the caller does not say that it need not be. */
export function strictnessWarnings(request: OutputFields, model: string, mode: StrictMode): Warning[] {
  const output = outputSchemaOf(request)
  const problem = output && output.strict === undefined ? strictProblem(output.schema, mode) : undefined
  if (!output || problem === undefined) return []
  const message = `${model} is asked for the schema but not held to it, because ${problem}; check what it answers.`
  return [{ param: output.param, code: 'not_guaranteed', message }]
}

/** Why a schema cannot be sent with strict mode; undefined where it can. */
export function strictProblem(schema: unknown, mode: StrictMode): string | undefined {
  if (mode === 'none') return 'it has no strict mode'
  if (!isRecord(schema) || schema.type !== 'object' || schema.anyOf !== undefined) return 'the schema is not that of one object'
  const { $schema: _, ...root } = schema
  return problemIn(root, { path: 'the schema', depth: 0, mode, size: { properties: 0, values: 0 } })
}

interface Place {
  readonly path: string
  readonly depth: number
  readonly mode: StrictMode
  /** What the whole schema has so far. */
  readonly size: { properties: number; values: number }
}

function problemIn(schema: unknown, place: Place): string | undefined {
  const { path, depth, mode, size } = place
  if (!isRecord(schema)) return `${path} is no object`
  if (depth > maxDepth) return `${path} is nested deeper than ${maxDepth} levels`
  const unknown = Object.keys(schema).find((keyword) => !isTaken(keyword, mode))
  if (unknown !== undefined) return `${path} has the keyword ${unknown.slice(0, 100)}`
  if (schema.$ref !== undefined) {
    const isLocal = typeof schema.$ref === 'string' && schema.$ref.startsWith('#')
    return isLocal && Object.keys(schema).length === 1 ? undefined : `${path} has a $ref that is not local, or not alone`
  }
  if (!['type', 'anyOf', 'enum', 'const'].some((keyword) => schema[keyword] !== undefined)) return `${path} has no type`
  if (schema.format !== undefined && !formats.has(schema.format)) return `${path} has a format that strict mode does not know`
  size.values += Array.isArray(schema.enum) ? schema.enum.length : 0
  if (size.values > maxValues) return `the schema has more than ${maxValues} values of enum`
  return objectProblem(schema, place) ?? childProblem(schema, place)
}

function objectProblem(schema: Readonly<Record<string, unknown>>, { path, size }: Place): string | undefined {
  const { type, properties, required, additionalProperties } = schema
  const isObject = type === 'object' || (Array.isArray(type) && type.includes('object')) || properties !== undefined
  if (!isObject) return undefined
  if (additionalProperties !== false) return `${path} does not say additionalProperties: false`
  const names = isRecord(properties) ? Object.keys(properties) : []
  size.properties += names.length
  if (size.properties > maxProperties) return `the schema has more than ${maxProperties} properties`
  const listed = new Set<unknown>(Array.isArray(required) ? required : [])
  const missing = names.find((name) => !listed.has(name))
  return missing === undefined ? undefined : `${path} does not require ${JSON.stringify(missing.slice(0, 100))}`
}

function childProblem(schema: Readonly<Record<string, unknown>>, place: Place): string | undefined {
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const children = schema[keyword]
    if (children !== undefined && !isRecord(children)) return `${place.path} has ${keyword} that are no object`
    for (const [name, child] of Object.entries(children ?? {})) {
      const problem = problemIn(child, { ...place, path: `${keyword}.${name.slice(0, 100)}`, depth: place.depth + 1 })
      if (problem !== undefined) return problem
    }
  }
  const { anyOf = [], items } = schema
  if (!Array.isArray(anyOf)) return `${place.path} has an anyOf that is no list`
  for (const child of anyOf) {
    const problem = problemIn(child, { ...place, path: `anyOf of ${place.path.slice(0, 100)}`, depth: place.depth + 1 })
    if (problem !== undefined) return problem
  }
  return items === undefined
    ? undefined
    : problemIn(items, { ...place, path: `items of ${place.path.slice(0, 100)}`, depth: place.depth + 1 })
}

function isTaken(keyword: string, mode: StrictMode): boolean {
  return common.has(keyword) || (mode === 'all' && openAis.has(keyword))
}

const common: ReadonlySet<string> = new Set([
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'anyOf'],
  ...['$ref', '$defs', 'definitions', 'title', 'description'],
])
const openAis: ReadonlySet<string> = new Set([
  ...['pattern', 'format', 'multipleOf', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minItems', 'maxItems'],
])
const formats: ReadonlySet<unknown> = new Set([
  ...['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid'],
])

const maxDepth = 10
const maxProperties = 5000
const maxValues = 1000
