import { arrayOf, isRecord } from '../../api/json.ts'

/**
 * A value that fits a JSON schema of the usual kinds, made without chance: the same schema gives the same value. Where it wants a URL
 * it gets the one that is given.
 *
 * A schema may refer to itself. Beyond a depth or a number of values only what is required is made, and where even that would
 * not end, null.
 */
export function sampleOf(root: unknown, url?: string): unknown {
  let left = maxValues
  return sample(root, 'value', 0)

  function sample(given: unknown, name: string, depth: number): unknown {
    left--
    if (depth > 2 * maxDepth || left < -maxValues) return null
    const isTight = depth > maxDepth || left < 0
    const schema = simplified(given, root, isTight)
    if (!schema) return `some ${name}`
    if ('const' in schema) return schema.const
    if ('default' in schema) return schema.default
    for (const list of [schema.examples, schema.enum]) if (Array.isArray(list) && list.length > 0) return list[0]
    switch (typeOf(schema, isTight)) {
      case 'object':
        return sampleObject(schema, isTight, depth)
      case 'array':
        return sampleArray(schema, name, isTight, depth)
      case 'integer':
      case 'number':
        return sampleNumber(schema)
      case 'boolean':
        return true
      case 'null':
        return null
      default:
        return sampleText(schema, name, url)
    }
  }

  function sampleObject(schema: Schema, isTight: boolean, depth: number): Record<string, unknown> {
    const properties = isRecord(schema.properties) ? schema.properties : {}
    const required = arrayOf(schema.required).filter((key) => typeof key === 'string')
    const keys = new Set(isTight ? required : [...Object.keys(properties), ...required])
    const others = schema.additionalProperties
    return Object.fromEntries([...keys].map((key) => [key, sample(properties[key] ?? others, key, depth + 1)]))
  }

  function sampleArray(schema: Schema, name: string, isTight: boolean, depth: number): unknown[] {
    const places = arrayOf(schema.prefixItems)
    const usual = isTight ? 0 : Math.max(1, places.length)
    const count = Math.min(
      Math.max(usual, numberOf(schema.minItems) ?? 0),
      numberOf(schema.maxItems) ?? usual + maxItems,
      maxItems,
    )
    return Array.from({ length: count }, (_, at) => sample(places[at] ?? schema.items, name, depth + 1))
  }
}

type Schema = Readonly<Record<string, unknown>>

const maxDepth = 8
const maxValues = 500
const maxItems = 100
const maxTextLength = 1000
// References to references, and unions in unions.
const maxSteps = 16

/** The schema with its references followed, its parts together, and one branch chosen; undefined where it says nothing. */
function simplified(given: unknown, root: unknown, isTight: boolean): Schema | undefined {
  let schema = given
  for (let step = 0; step < maxSteps; step++) {
    if (!isRecord(schema)) return undefined
    const { $ref, allOf, anyOf, oneOf, ...rest } = schema
    if (typeof $ref === 'string') schema = merged(rest, resolve($ref, root))
    else if (allOf !== undefined) schema = merged(rest, ...arrayOf(allOf), branchesOnly(anyOf, oneOf))
    else if (anyOf !== undefined || oneOf !== undefined) schema = merged(rest, branch(arrayOf(anyOf ?? oneOf), root, isTight))
    else return schema
  }
  return undefined
}

function branchesOnly(anyOf: unknown, oneOf: unknown): Schema {
  return { ...(anyOf !== undefined && { anyOf }), ...(oneOf !== undefined && { oneOf }) }
}

/** The first branch; where there is little room, the first that holds nothing else. */
function branch(branches: readonly unknown[], root: unknown, isTight: boolean): unknown {
  const isSmall = (candidate: unknown): boolean => {
    const schema = isRecord(candidate) && typeof candidate.$ref === 'string' ? resolve(candidate.$ref, root) : candidate
    return isRecord(schema) && typeof schema.type === 'string' && schema.type !== 'object' && schema.type !== 'array'
  }
  return (isTight ? branches.find(isSmall) : undefined) ?? branches[0]
}

function merged(...parts: readonly unknown[]): Schema {
  const schemas = parts.filter(isRecord)
  const properties = Object.assign({}, ...schemas.map((schema) => schema.properties))
  const required = schemas.flatMap((schema) => arrayOf(schema.required))
  return {
    ...Object.assign({}, ...schemas),
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required }),
  }
}

function typeOf(schema: Schema, isTight: boolean): unknown {
  const types = arrayOf(schema.type)
  if (types.length > 0) return (isTight ? types.find((type) => type !== 'object' && type !== 'array') : undefined) ?? types[0]
  if (schema.type !== undefined) return schema.type
  if (schema.properties !== undefined || schema.required !== undefined) return 'object'
  return schema.items !== undefined || schema.prefixItems !== undefined ? 'array' : 'string'
}

/** 1 where it fits, else the number that fits and lies next to a bound. */
function sampleNumber(schema: Schema): number {
  const step = numberOf(schema.multipleOf) ?? 1
  const least = Math.max(numberOf(schema.minimum) ?? -Infinity, numberOf(schema.exclusiveMinimum) ?? -Infinity)
  const most = Math.min(numberOf(schema.maximum) ?? Infinity, numberOf(schema.exclusiveMaximum) ?? Infinity)
  const up = Math.ceil(least / step) * step
  const down = Math.floor(most / step) * step
  const fits = (value: number): boolean =>
    Number.isFinite(value) &&
    value >= least &&
    value <= most &&
    value !== schema.exclusiveMinimum &&
    value !== schema.exclusiveMaximum &&
    (schema.type === 'number' || Number.isInteger(value)) &&
    (schema.multipleOf === undefined || Number.isInteger(value / step))
  return [1, step, 0, up, up + step, down, down - step, (least + most) / 2].find(fits) ?? 1
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function sampleText(schema: Schema, name: string, url: string | undefined): string {
  if (schema.format === 'uri' && url !== undefined && url.length <= (numberOf(schema.maxLength) ?? Infinity)) return url
  // JSON Schema counts characters, not units of UTF-16.
  const characters = [...(formats[String(schema.format)] ?? `some ${name}`)]
  const least = Math.min(numberOf(schema.minLength) ?? 0, maxTextLength)
  while (characters.length < least) characters.push('.')
  return characters.slice(0, numberOf(schema.maxLength)).join('')
}

function resolve(reference: string, root: unknown): unknown {
  let value = root
  for (const part of reference.replace(/^#\/?/, '').split('/')) {
    if (part === '') continue
    value = isRecord(value) ? value[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return value
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
