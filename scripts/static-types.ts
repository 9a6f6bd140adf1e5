/**
 * The schemas of `openapi.yaml` as TypeScript: what stands in the gateway's code and in the SDK's alike.
 */

/** What of JSON Schema the document uses. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly discriminator?: { readonly propertyName: string }
  readonly 'x-untagged'?: { readonly propertyName: string; readonly schema: string }
  readonly 'x-unknown-code'?: string
  readonly [keyword: string]: unknown
}

/** The declaration of a component: an interface where it is an object with members. `isOpen` where it may be written with others besides. */
export function declarationOf(name: string, schema: Schema, isOpen = false): string {
  const doc = comment(schema.description)
  if (!isInterface(schema)) return `${doc}export type ${name} = ${typeOf(schema)}\n`
  return `${doc}export interface ${name} ${isOpen ? typeOf(schema).replace(/}$/, '  [other: string]: unknown\n}') : typeOf(schema)}\n`
}

/** The name of the component that a `$ref` names. */
export function nameOf({ $ref }: Schema): string {
  return must($ref?.split('/').at(-1), 'name in a reference')
}

export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

export function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`openapi.yaml: missing ${what}`)
  return value
}

function isInterface(schema: Schema): boolean {
  return schema.type === 'object' && schema.properties !== undefined
}

function typeOf(schema: Schema, indent = ''): string {
  if (schema.$ref) return nameOf(schema)
  if (schema.const !== undefined) return quote(schema.const)
  if (schema.enum) return schema.enum.map(quote).join(' | ')
  if (schema.oneOf) return schema.oneOf.map((branch) => typeOf(branch, indent)).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array': {
      const item = typeOf(must(schema.items, 'items of an array'), indent)
      return item.includes('|') ? `(${item})[]` : `${item}[]`
    }
    case 'object':
      return objectType(schema, indent)
    case undefined:
      return 'unknown'
    default:
      throw new Error(`no type for ${JSON.stringify(schema)}`)
  }
}

function objectType(schema: Schema, indent: string): string {
  if (!schema.properties) {
    const values = typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties, indent) : 'unknown'
    return schema.additionalProperties === false ? 'Record<string, never>' : `Record<string, ${values}>`
  }
  const inner = `${indent}  `
  const lines = Object.entries(schema.properties).map(([key, property]) => {
    const mark = schema.required?.includes(key) ? '' : '?'
    return `${comment(property.description, inner)}${inner}${key}${mark}: ${typeOf(property, inner)}\n`
  })
  return `{\n${lines.join('')}${indent}}`
}

function comment(text: string | undefined, indent = ''): string {
  return text ? `${indent}/** ${text.trim().replaceAll(/\s*\n\s*/g, ' ')} */\n` : ''
}
