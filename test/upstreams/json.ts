export type Json = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects of a list; none where it is not a list. */
export function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The smallest value that a JSON schema asks for: what a simulated model fills a tool's input or an answer's form with. */
export function sample(schema: unknown): unknown {
  if (!isObject(schema)) return {}
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  const [alternative] = objects(schema.anyOf ?? schema.oneOf)
  if (alternative) return sample(alternative)
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string':
      return 'text'
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 1
    case 'boolean':
      return true
    case 'null':
      return null
    case 'array':
      return typeof schema.minItems === 'number' ? Array.from({ length: schema.minItems }, () => sample(schema.items)) : []
    default:
      return sampleObject(schema)
  }
}

function sampleObject(schema: Json): Json {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required.filter((name) => typeof name === 'string') : []
  return Object.fromEntries(required.map((name) => [name, sample(properties[name])]))
}

/** About the number of tokens: four characters each, at least one. */
export function tokensIn(...values: readonly unknown[]): number {
  const characters = values.reduce<number>((sum, value) => sum + (value === undefined ? 0 : JSON.stringify(value).length), 0)
  return Math.max(1, Math.ceil(characters / 4))
}

/** The text in pieces of so many characters; never cuts a character. */
export function pieces(text: string, size: number): string[] {
  const characters = [...text]
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(''),
  )
}
