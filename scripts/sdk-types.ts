import { declarationOf, quote, type Schema } from './static-types.ts'

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
  return [
    headerOf('openapi.yaml'),
    ...Object.entries(schemas).map(([name, schema]) => declarationOf(name, schema)),
    `/** The services for which a caller may bring a key, as they stand in \`${prefix}…\`. */\nexport type KnownProviderKey = ${keys.join(' | ')}\n`,
  ].join('\n')
}

/** The first line of a generated file. */
export function headerOf(source: string): string {
  return `// Generated from ${source} by \`npm run generate\`. Do not edit.\n`
}
