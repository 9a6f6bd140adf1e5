import { Ajv } from 'ajv'
import { allSchemas } from '../api/schemas.gen.ts'

/** What is wrong with a value according to a schema of the contract, named by its `$id`; an empty list where it fits. */
export function problemsWith(schema: string, value: unknown): string[] {
  const check = ajv.getSchema(schema)
  if (!check) throw new TypeError(`the contract has no schema ${schema}`)
  if (check(value)) return []
  return (check.errors ?? []).map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
}

const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, discriminator: true, allErrors: true })
ajv.addVocabulary(['x-unknown-code'])
for (const schema of allSchemas) ajv.addSchema(schema)
