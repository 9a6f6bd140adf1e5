import { isRecord } from '../../api/json.ts'

/** A value that fits a JSON schema, made without chance: the same schema gives the same value. */
export function sampleOf(schema: unknown): unknown {
  return sample(schema, schema, 'value', 0)
}

// A schema may refer to itself; what lies deeper than this is left empty.
const maxDepth = 8

function sample(schema: unknown, root: unknown, name: string, depth: number): unknown {
  if (!isRecord(schema) || depth > maxDepth) return depth > maxDepth ? null : `${name}`
  if (typeof schema.$ref === 'string') return sample(resolve(schema.$ref, root), root, name, depth + 1)
  if ('const' in schema) return schema.const
  if ('default' in schema) return schema.default
  for (const list of [schema.examples, schema.enum]) if (Array.isArray(list) && list.length > 0) return list[0]
  for (const list of [schema.anyOf, schema.oneOf, schema.allOf])
    if (Array.isArray(list) && list.length > 0) return sample(list[0], root, name, depth + 1)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'object':
      return sampleObject(schema, root, depth)
    case 'array': {
      const count = Math.min(Math.max(Number(schema.minItems ?? 1), 0), 8)
      return Array.from({ length: count }, () => sample(schema.items ?? {}, root, name, depth + 1))
    }
    case 'integer':
    case 'number':
      return Number(
        schema.minimum ??
          (schema.exclusiveMinimum !== undefined
            ? Number(schema.exclusiveMinimum) + 1
            : Math.min(1, Number(schema.maximum ?? 1))),
      )
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return isRecord(schema.properties) ? sampleObject(schema, root, depth) : sampleText(schema, name)
  }
}

function sampleObject(schema: Readonly<Record<string, unknown>>, root: unknown, depth: number): Record<string, unknown> {
  const properties = isRecord(schema.properties) ? schema.properties : {}
  return Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, sample(property, root, key, depth + 1)]))
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function sampleText(schema: Readonly<Record<string, unknown>>, name: string): string {
  const text = formats[String(schema.format)] ?? `some ${name}`
  return text.padEnd(Math.min(Number(schema.minLength ?? 0), 1000), '.').slice(0, Number(schema.maxLength ?? text.length + 1000))
}

function resolve(reference: string, root: unknown): unknown {
  let value = root
  for (const part of reference.replace(/^#\/?/, '').split('/')) {
    if (part === '') continue
    value = isRecord(value) ? value[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return value
}
