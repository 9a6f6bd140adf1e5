import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

/** What generators of clients need of the document, and a validator does not: each rule stands for a client that did not compile, or could not read an answer. */

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly oneOf?: readonly Schema[]
  readonly discriminator?: { readonly propertyName: string; readonly mapping?: Readonly<Record<string, string>> }
}

const document: { components: { schemas: Record<string, Schema> } } = parse(
  readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'),
)
const components = document.components.schemas
const schemas = Object.entries(components).flatMap(([name, schema]) => within(name, schema))

/** A schema and all that are in it, by where they stand. */
function within(path: string, schema: Schema): [string, Schema][] {
  const { properties = {}, items, additionalProperties, oneOf = [] } = schema
  return [
    [path, schema],
    ...Object.entries(properties).flatMap(([name, member]) => within(`${path}.${name}`, member)),
    ...oneOf.flatMap((branch, index) => within(`${path}<${index}>`, branch)),
    ...(items ? within(`${path}[]`, items) : []),
    ...(typeof additionalProperties === 'object' ? within(`${path}{}`, additionalProperties) : []),
  ]
}

function where(isWrong: (schema: Schema, path: string) => boolean): string[] {
  return schemas.filter(([path, schema]) => isWrong(schema, path)).map(([path]) => path)
}

function named({ $ref = '' }: Schema): Schema {
  return components[$ref.split('/').at(-1) ?? ''] ?? {}
}

function mappingOf({ oneOf = [], discriminator }: Schema): Record<string, string> {
  const tags = (branch: Schema): readonly string[] => {
    const tag = named(branch).properties?.[discriminator?.propertyName ?? ''] ?? {}
    return tag.const === undefined ? (tag.enum ?? []) : [tag.const]
  }
  return Object.fromEntries(oneOf.flatMap((branch) => tags(branch).map((tag) => [tag, branch.$ref ?? ''])))
}

/** The branches of a union of more than one kind of value. */
function kindsOf({ oneOf = [] }: Schema): readonly Schema[] {
  const kinds = oneOf.filter(({ type }) => type !== 'null')
  return kinds.length > 1 ? kinds : []
}

describe('the document', () => {
  it('has schemas', () => expect(schemas.length).toBeGreaterThan(1000))

  it('gives each constant its type', () => {
    expect(where(({ const: constant, type }) => constant !== undefined && type !== 'string')).toEqual([])
  })

  it('maps each tag of a union to its schema; else the tag would be the name of the schema', () => {
    const tagged = schemas.filter(([, { discriminator }]) => discriminator !== undefined)
    expect(tagged.length).toBeGreaterThan(15)
    for (const [path, schema] of tagged) expect(schema.discriminator?.mapping, path).toEqual(mappingOf(schema))
  })

  it('names lists and objects that are one of several kinds of value', () => {
    expect(where((schema) => kindsOf(schema).some(({ type }) => type === 'array' || type === 'object'))).toEqual([])
  })

  it('names the members of objects that may be one kind of value or a list of it', () => {
    const free = ({ type, properties }: Schema): boolean => type === 'object' && properties === undefined
    const isFree = (branch: Schema): boolean => free(named(branch)) || free(named(named(branch).items ?? {}))
    expect(where((schema) => kindsOf(schema).some(isFree))).toEqual([])
  })

  it('names the objects in lists', () => {
    expect(where(({ properties }, path) => path.endsWith('[]') && properties !== undefined)).toEqual([])
  })

  it('says where it is used that an object may be null, and has no second name for it', () => {
    const isObjectOrNull = ({ oneOf = [] }: Schema): boolean =>
      oneOf.length === 2 && oneOf.some(({ type }) => type === 'null') && oneOf.some((branch) => named(branch).type === 'object')
    expect(where((schema, path) => path in components && isObjectOrNull(schema))).toEqual([])
  })
})
