import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { code, table } from './markdown.ts'

/** What the contract says of the messages of live sessions, as tables. */

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
}

const document: { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } } = parse(
  readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8'),
)
const { schemas } = document.components

/** Every field of `hello`, or of another message, with those within. */
export function fieldsTable(name: string): string {
  const rows = fieldsOf(schemaOf(name), '', isOwn).map(({ at, schema, isRequired, meaning }) => [
    code(at),
    `${inWords(schema)}${isRequired ? ', required' : ''}`,
    meaning,
  ])
  return table(['Field', 'Takes', 'Meaning'], rows)
}

/** Every message of a union, with its fields; `hello` has a table of its own. */
export function messagesList(union: string): string {
  return (schemaOf(union).oneOf ?? []).flatMap((branch) => messageLines(resolved(branch))).join('\n')
}

function messageLines(schema: Schema): string[] {
  const type = schema.properties?.type?.const ?? ''
  const fields = type === 'hello' ? [] : fieldsOf(schema, '', (ref) => isOwn(ref) && !ofHello.has(ref))
  const lines = fields.map(({ at, ref, schema: field, isRequired, meaning }) => {
    const isKnown = ref !== undefined && ofHello.has(ref)
    const takes = `${isKnown ? 'as in `hello`' : inWords(field)}${isRequired ? '' : ', optional'}`
    return `  - ${code(at)} (${takes})${meaning && !isKnown ? `: ${meaning}` : ''}`
  })
  return [`- ${code(type)}${schema.description ? `: ${oneLine(schema.description)}` : ''}`, ...lines]
}

interface Field {
  readonly at: string
  readonly ref: string | undefined
  readonly schema: Schema
  readonly isRequired: boolean
  readonly meaning: string
}

/** The fields of a schema, and those within each that `goesInto` lets in by its reference. */
function fieldsOf({ properties = {}, required = [] }: Schema, path: string, goesInto: (ref: string) => boolean): Field[] {
  return Object.entries(properties).flatMap(([name, given]) => {
    // All of them have these two.
    if (path === '' && (name === 'type' || given.$ref?.endsWith('/LiveSeq'))) return []
    const schema = resolved(given)
    const at = `${path}${name}`
    const meaning = oneLine(given.description ?? schema.description)
    const field: Field = { at, ref: given.$ref, schema, isRequired: required.includes(name), meaning }
    const { items } = schema
    if (items?.$ref && goesInto(items.$ref)) return [field, ...fieldsOf(resolved(items), `${at}[].`, goesInto)]
    const isIn = schema.properties && (given.$ref === undefined || goesInto(given.$ref))
    return isIn ? [field, ...fieldsOf(schema, `${at}.`, goesInto)] : [field]
  })
}

/** What is described for live sessions alone. A format is told of in the page. */
function isOwn(ref: string): boolean {
  return ref.includes('/Live') && !ref.endsWith('/LiveAudioFormat')
}

const ofHello: ReadonlySet<string> = new Set(
  Object.values(schemaOf('LiveHello').properties ?? {}).flatMap(({ $ref }) => ($ref === undefined ? [] : [$ref])),
)

function inWords(schema: Schema): string {
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum) return schema.enum.map(code).join(', ')
  if (schema.oneOf) return [...new Set(schema.oneOf.map((branch) => inWords(resolved(branch))))].join(', or ')
  const { type, minimum, maximum, items } = schema
  const range = minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`
  if (type === 'array')
    return items?.$ref ? `a list of ${thingsOf(items.$ref)}` : `a list: ${items ? inWords(items) : 'anything'}`
  if (type === 'integer') return `a whole number${range}`
  if (type === 'number') return `a number${range}`
  if (type === 'boolean') return 'true or false'
  if (type === 'null') return 'null'
  return type === 'string' ? 'text' : 'an object'
}

function thingsOf(ref: string): string {
  const name = ref.split('/').at(-1) ?? ''
  return things[name] ?? 'blocks'
}

const things: Readonly<Record<string, string>> = { MessageParam: 'messages', LiveClientTool: 'tools', Issue: 'issues' }

function schemaOf(name: string): Schema {
  const schema = schemas[name]
  if (!schema) throw new Error(`openapi.yaml has no schema ${name}`)
  return schema
}

function resolved(schema: Schema): Schema {
  return schema.$ref ? schemaOf(schema.$ref.split('/').at(-1) ?? '') : schema
}

function oneLine(text = ''): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ')
}
