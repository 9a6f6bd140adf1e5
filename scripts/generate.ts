/**
 * Makes `api/*.gen.ts` from `openapi.yaml`: a static type and a JSON schema for each component, the table of operations, and
 * the compiled checks of everything that a caller sends. They are compiled here and not when the server starts, because that takes
 * longer and more memory than all the rest of the start.
 *
 *   npm run generate            write the files
 *   npm run drift               fail when the committed files are not what the document says
 *
 * The schemas are made to give good errors, not only a verdict. Ajv reports a failed `oneOf` as the sum of what is wrong with
 * every branch, so that a union becomes one of two forms that know their branch before they look into it:
 *   - a union with a `discriminator` keeps it, and Ajv reads the tag first;
 *   - a union whose branches differ in JSON type (`string` or `array`, something or `null`) becomes a list of types and an
 *     `if type … then …` a branch.
 * `x-untagged` stands for a `discriminator` where one branch, which it names, may come without the tag.
 */
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { parse } from 'yaml'
import { writeOrCheck } from './generated-files.ts'
import { declarationOf, must, nameOf, quote, type Schema } from './static-types.ts'

interface Parameter {
  readonly $ref?: string
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema: Schema
}
interface Operation {
  readonly operationId: string
  readonly security?: readonly unknown[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Record<string, { schema: Schema }> }
  readonly responses: Record<string, { readonly $ref?: string; readonly content?: Record<string, { schema: Schema }> }>
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    readonly schemas: Record<string, Schema>
    readonly parameters: Record<string, Parameter>
    readonly responses: Record<string, { readonly content?: Record<string, { schema: Schema }> }>
  }
}

const root = new URL('../', import.meta.url)
const document: Document = parse(readFileSync(new URL('openapi.yaml', root), 'utf8'))
const schemas = document.components.schemas
/** What a client sends on a socket. */
const clientMessages = 'application/vnd.vai.live.client+json'
const header = '// Generated from openapi.yaml by `npm run generate`. Do not edit.\n'

const files: Record<string, string> = {
  'api/schemas.gen.ts': schemasFile(),
  'api/operations.gen.ts': operationsFile(),
  'api/validators.gen.ts': validatorsFile(),
  'api/openapi.gen.ts': `${header}\n/** The whole document as JSON text. */\nexport const openapiJson =\n  ${quote(JSON.stringify(document))}\n`,
}
writeOrCheck(files, 'openapi.yaml')
// The providers, which the first knows, need the files above. What each makes is made, or looked at, by its being imported.
await import('./generate-catalogue.ts')
await import('./generate-tools.ts')
await import('./generate-page.ts')
await import('./generate-asyncapi.ts')
await import('./generate-sdk.ts')

// ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function schemasFile(): string {
  const parts = [
    header,
    '/** A JSON schema of the contract. */\nexport interface ContractSchema {\n  readonly $id: string\n  readonly [keyword: string]: unknown\n}\n',
  ]
  for (const [name, schema] of Object.entries(schemas)) {
    parts.push(
      `${declarationOf(name, schema)}export const ${name}: ContractSchema = ${literal({ $id: name, ...validator(schema) })}\n`,
    )
  }
  parts.push(
    `/** Every schema, for a validator to know them by their \`$id\`. */\nexport const allSchemas: readonly ContractSchema[] = [\n${Object.keys(
      schemas,
    )
      .map((name) => `  ${name},\n`)
      .join('')}]\n`,
  )
  return parts.join('\n')
}

function operationsFile(): string {
  const rows: Record<string, unknown> = {}
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const parameters = (operation.parameters ?? []).map(resolveParameter)
      const body = operation.requestBody?.content['application/json']?.schema
      rows[operation.operationId] = {
        method: method.toUpperCase(),
        path,
        public: operation.security?.length === 0,
        ...(body && { body: refName(body) }),
        ...optionalParameters('querystring', parameters, 'query'),
        ...optionalParameters('params', parameters, 'path'),
        responses: Object.fromEntries(
          Object.entries(operation.responses).flatMap(([status, response]) => responseRow(status, response)),
        ),
      }
    }
  }
  return `${header}\n/** Every operation of the contract: how it is reached and which schemas (by \`$id\`) its parts have. */\nexport const operations = ${literal(rows)} as const\n\nexport type OperationId = keyof typeof operations\n`
}

/** Compiled by Ajv: bodies as they are, all errors at once; a URL holds nothing but text, so that there numbers are read from it. */
function validatorsFile(): string {
  const options = {
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    discriminator: true,
    allErrors: true,
    verbose: true,
    // Refs stay calls, so that a schema that is used twice is compiled once.
    inlineRefs: false,
    // Lengths in UTF-16 units need no code of Ajv's at run time.
    unicode: false,
    logger: false,
    code: { source: true, esm: true },
  } as const
  const bodies = new Ajv(options)
  const queries = new Ajv({ ...options, coerceTypes: true })
  bodies.addVocabulary(['x-unknown-code'])
  for (const [name, schema] of Object.entries(schemas)) bodies.addSchema({ $id: name, ...validator(schema) })
  const bodyNames: Record<string, string> = {}
  const queryNames: Record<string, string> = {}
  for (const operation of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    const body = operation.requestBody?.content['application/json']?.schema
    if (body) bodyNames[refName(body)] = refName(body)
    const message = operation.responses['101']?.content?.[clientMessages]?.schema
    if (message) bodyNames[refName(message)] = refName(message)
    const { querystring } = optionalParameters('querystring', (operation.parameters ?? []).map(resolveParameter), 'query')
    if (!querystring) continue
    queryNames[operation.operationId] = operation.operationId
    queries.addSchema({ $id: operation.operationId, ...Object(querystring) })
  }
  return `// @ts-nocheck: compiled code
${header}
import type { Validator } from './validator.ts'

/** The check of each body and of the messages of sockets, by the name of its schema. */
export const bodyValidators: Readonly<Record<string, Validator>> = ${tableOf(bodyNames)}

/** The check of each query string, by its operation. */
export const queryValidators: Readonly<Record<string, Validator>> = ${tableOf(queryNames, 'query')}

function appended(errors, more) {
  if (errors === null) return more
  for (const error of more) errors.push(error)
  return errors
}

${compiled(bodies, bodyNames, '')}
${compiled(queries, queryNames, 'query')}
`
}

/** The compiled code, with names that do not clash with those of another module's. */
function compiled(ajv: Ajv, names: Record<string, string>, prefix: string): string {
  const code = standalone.default(ajv, names)
  const body = code
    .replace('"use strict";', '')
    .replaceAll(/export const (\w+) = (\w+);/g, (_, name: string, target: string) => `const ${prefix}_${name} = ${target};`)
    // Ajv copies all errors so far for each nested failure, which takes minutes where there are a hundred thousand.
    .replaceAll(/vErrors === null \? (\w+)\.errors : vErrors\.concat\(\1\.errors\)/g, 'appended(vErrors, $1.errors)')
  return prefix === '' ? body : body.replaceAll(/\b(validate|schema|func|pattern)(\d+)\b/g, `${prefix}_$1$2`)
}

function tableOf(names: Record<string, string>, prefix = ''): string {
  return `{\n${Object.keys(names)
    .map((name) => `  get ${name}() {\n    return ${prefix}_${name}\n  },\n`)
    .join('')}}`
}

function responseRow(
  status: string,
  response: { $ref?: string; content?: Record<string, { schema: Schema }> },
): [string, string][] {
  const name = response.$ref?.split('/').at(-1)
  const content = name ? must(document.components.responses[name], `response ${name}`).content : response.content
  const schema = content?.['application/json']?.schema
  return schema?.$ref ? [[status, refName(schema)]] : []
}

function optionalParameters(key: string, parameters: readonly Parameter[], where: string): Record<string, unknown> {
  const chosen = parameters.filter((parameter) => parameter.in === where)
  if (chosen.length === 0) return {}
  return {
    [key]: {
      type: 'object',
      additionalProperties: false,
      required: chosen.filter((parameter) => parameter.required).map((parameter) => parameter.name),
      properties: Object.fromEntries(chosen.map((parameter) => [parameter.name, validator(parameter.schema)])),
    },
  }
}

function resolveParameter(parameter: Parameter): Parameter {
  if (!parameter.$ref) return parameter
  const name = parameter.$ref.split('/').at(-1) ?? ''
  return must(document.components.parameters[name], `parameter ${name}`)
}

// ── Validators ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function validator(schema: Schema): Record<string, unknown> {
  if (schema.$ref) return { $ref: `${refName(schema)}#` }
  if (schema.const !== undefined) return { type: 'string', const: schema.const }
  if (schema.discriminator ?? schema['x-untagged']) return taggedUnion(schema)
  if (schema.oneOf) return unionByType(schema.oneOf)
  // A format says how many bits a client keeps; a number that comes is a number.
  const { description: _, format: __, properties, items, additionalProperties, ...keywords } = schema
  return {
    ...keywords,
    ...(properties && { properties: mapValues(properties, validator) }),
    ...(items && { items: validator(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: typeof additionalProperties === 'object' ? validator(additionalProperties) : additionalProperties,
    }),
  }
}

function taggedUnion(schema: Schema): Record<string, unknown> {
  const tag = must(schema.discriminator ?? schema['x-untagged'], 'discriminator').propertyName
  const untagged = schema['x-untagged']?.schema.split('/').at(-1)
  const branches = must(schema.oneOf, 'oneOf of a tagged union').filter((branch) => refName(branch) !== untagged)
  const code = schema['x-unknown-code'] && { 'x-unknown-code': schema['x-unknown-code'] }
  const tagged = {
    type: 'object',
    ...code,
    required: [tag],
    discriminator: { propertyName: tag },
    oneOf: branches.map(validator),
  }
  if (!untagged) return tagged
  const own = must(schemas[untagged]?.properties?.[tag], `${untagged}.${tag}`)
  return {
    type: 'object',
    if: { properties: { [tag]: { enum: [...tagsOf(own), null] } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
    then: { $ref: `${untagged}#` },
    else: tagged,
  }
}

function tagsOf(schema: Schema): readonly string[] {
  if (schema.const) return [schema.const]
  return schema.enum ?? (schema.oneOf ?? []).flatMap(tagsOf)
}

function unionByType(branches: readonly Schema[]): Record<string, unknown> {
  const typed = branches.map((branch) => ({ branch, type: jsonType(branch) }))
  const types = typed.map(({ type }) => type)
  if (new Set(types).size !== types.length)
    throw new Error(`a union needs a discriminator or branches of different JSON types: ${types}`)
  const conditions = typed
    .map(({ branch, type }) => ({ type, rest: withoutType(validator(branch)) }))
    .filter(({ rest }) => Object.keys(rest).length > 0)
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own keyword
    .map(({ type, rest }) => ({ if: { type }, then: '$ref' in rest ? rest : { type, ...rest } }))
  return { type: types, ...(conditions.length > 0 && { allOf: conditions }) }
}

function withoutType(schema: Record<string, unknown>): Record<string, unknown> {
  const { type: _, ...rest } = schema
  return rest
}

function jsonType(schema: Schema): string {
  if (schema.$ref) return jsonType(must(schemas[refName(schema)], schema.$ref))
  if (schema.discriminator ?? schema['x-untagged']) return 'object'
  if (schema.const !== undefined) return 'string'
  return must(schema.type, `type of ${JSON.stringify(schema)}`)
}

// ── Text ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function refName(schema: Schema): string {
  const name = nameOf(schema)
  must(schemas[name], `schema ${name}`)
  return name
}

function literal(value: unknown, indent = ''): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, indent)).join(', ')}]`
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  const lines = Object.entries(value).map(
    ([key, item]) => `${inner}${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)}: ${literal(item, inner)},\n`,
  )
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}${indent}}`
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
