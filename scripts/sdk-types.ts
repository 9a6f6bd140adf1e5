import { declarationOf, nameOf, quote, type Schema } from './static-types.ts'

/** What of `openapi.yaml` becomes types of the SDK. */
export interface SdkDocument {
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>
    readonly parameters: Readonly<Record<string, { readonly name: string }>>
  }
}

/** The SDK's types: those of the contract's schemas, and the names of the services for which a caller may bring a key. */
export function typesFile({ components: { schemas, parameters } }: SdkDocument): string {
  const prefix = 'X-Provider-Key-'
  const keys = Object.values(parameters)
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => quote(name.slice(prefix.length).toLowerCase()))
  const written = namesBelow(['MessageRequest', 'CountTokensRequest', 'RunRequest', 'LiveClientMessage'], schemas)
  const read = namesBelow(['StreamEvent', 'RunEvent', 'LiveServerMessage'], schemas)
  // What only callers write takes members that nobody names here, such as the words of a JSON schema. What is read may gain some.
  const isOpen = (name: string, schema: Schema): boolean =>
    schema.additionalProperties === true && written.has(name) && !read.has(name)
  return [
    headerOf('openapi.yaml'),
    ...Object.entries(schemas).map(([name, schema]) => declarationOf(name, schema, isOpen(name, schema))),
    `/** The services for which a caller may bring a key, as they stand in \`${prefix}…\`. */\nexport type KnownProviderKey = ${keys.join(' | ')}\n`,
  ].join('\n')
}

/** The names of schemas and of all that they consist of. */
function namesBelow(names: readonly string[], schemas: SdkDocument['components']['schemas']): ReadonlySet<string> {
  const found = new Set(names)
  // Those that are found meanwhile are looked at as well.
  for (const name of found) for (const each of namesIn(schemas[name])) found.add(each)
  return found
}

function namesIn(schema: Schema | undefined): string[] {
  if (!schema) return []
  const { properties = {}, items, oneOf = [], additionalProperties } = schema
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined
  const below = [...Object.values(properties), ...oneOf, items, values].flatMap(namesIn)
  return schema.$ref ? [nameOf(schema), ...below] : below
}

/** The first line of a generated file. */
export function headerOf(source: string): string {
  return `// Generated from ${source} by \`npm run generate\`. Do not edit.\n`
}
