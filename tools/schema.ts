import type { Options } from 'ajv'
import { issuesOf } from '../api/issues.ts'
import type { Issue } from '../api/schemas.gen.ts'
import type { Validator } from '../api/validator.ts'
import type { ObjectSchema } from './tool.ts'

/** What does not fit a schema in a value of JSON; nothing where it fits. Of a value that is too long it says no more than that. */
export type Check = (value: unknown) => readonly Issue[]

/**
 * The check that a JSON schema is. It is compiled when it is first asked for, because most tools of most gateways are never called,
 * and known from then on. Rejects with an error that says why where the schema is none.
 */
export function checkOf(schema: ObjectSchema): Promise<Check> {
  const known = checks.get(schema)
  if (known) return known
  const check = compile(schema)
  checks.set(schema, check)
  return check
}

const checks = new WeakMap<ObjectSchema, Promise<Check>>()

async function compile(schema: ObjectSchema): Promise<Check> {
  const { $schema } = schema
  const isOlder = typeof $schema === 'string' && /draft-0[67]/.test($schema)
  const { Ajv } = isOlder ? await import('ajv') : { Ajv: (await import('ajv/dist/2020.js')).Ajv2020 }
  const validate: Validator = new Ajv(options).compile(schema)
  return (value) => {
    // A model writes it, and every pattern of the schema is matched with it while everybody else waits.
    if (JSON.stringify(value).length > maxCharacters) return [tooLong]
    return validate(value) ? [] : issuesOf(validate.errors ?? [], mostIssues)
  }
}

/** The longest JSON of a value that is looked at. */
const maxCharacters = 256 * 1024
const tooLong: Issue = {
  code: 'too_large',
  message: `must have at most ${maxCharacters} characters as JSON, all members together`,
}

/** As many as are of use to whoever has to do it again. */
const mostIssues = 16

/**
 * Keywords and formats that Ajv does not know are passed over, as JSON Schema says; nothing is fetched, coerced or filled in. What every
 * object of JavaScript has, such as `constructor`, is no member of it.
 */
const options: Options = {
  allErrors: true,
  strict: false,
  verbose: true,
  logger: false,
  addUsedSchema: false,
  ownProperties: true,
}
