import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler } from 'fastify'
import { GatewayError } from '../../api/error.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { allSchemas } from '../../api/schemas.gen.ts'
import { issuesOf } from './issues.ts'

// Past this many values a wrong request gets its first problem only: the list of all could be larger than the request.
const maxValuesForAllErrors = 50_000
const maxIssues = 32

/**
 * What is wrong with a value, all of it. An `Error`, because that is what Fastify carries to whoever asked for it
 * (`attachValidation`) or to the error handler.
 */
export class SchemaMismatch extends GatewayError {
  constructor(issues: readonly Issue[]) {
    super('invalid_request', invalidRequestDetails(issues))
  }
}

/** How a list of issues is told: the first one also as the error's own message, code and param. */
export function invalidRequestDetails(issues: readonly Issue[]): {
  message: string
  code: string
  param?: string
  issues: readonly Issue[]
} {
  const first = issues[0] ?? { code: 'invalid_request', message: 'the request is not valid' }
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more in issues)` : ''
  return {
    message: `${first.param ? `${first.param}: ` : ''}${first.message}${more}`,
    code: first.code,
    ...(first.param !== undefined && { param: first.param }),
    issues,
  }
}

/** Compiles the contract's schemas. A body is read as it is; a URL holds nothing but text, so that there numbers are read from it. */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  const options = {
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    discriminator: true,
    verbose: true,
    removeAdditional: false,
    useDefaults: false,
  } as const
  const first = createAjv({ ...options, coerceTypes: false })
  const url = createAjv({ ...options, coerceTypes: true, allErrors: true })
  // Most requests are right, and most processes see none that is wrong before they have been up for a while.
  let all: Ajv | undefined
  return ({ schema, httpPart }) => {
    if (typeof schema !== 'object' || schema === null) throw new TypeError('a schema is expected')
    if (httpPart !== 'body') return verdict(url.compile(schema))
    const check = first.compile(schema)
    let checkAll: ValidateFunction | undefined
    return (value: unknown) => {
      if (value === null || value === undefined) return { error: new GatewayError('empty_body') }
      if (check(value)) return true
      if (hasMoreValuesThan(value, maxValuesForAllErrors)) return failure(check)
      all ??= createAjv({ ...options, coerceTypes: false, allErrors: true })
      checkAll ??= all.compile(schema)
      checkAll(value)
      return failure(checkAll)
    }
  }
}

function createAjv(options: ConstructorParameters<typeof Ajv>[0]): Ajv {
  const ajv = new Ajv(options)
  ajv.addVocabulary(['x-unknown-code'])
  for (const schema of allSchemas) ajv.addSchema(schema)
  return ajv
}

function verdict(check: ValidateFunction): (value: unknown) => true | { error: Error } {
  return (value) => check(value) || failure(check)
}

function failure(check: ValidateFunction): { error: Error } {
  const errors: readonly ErrorObject[] = check.errors ?? []
  return { error: new SchemaMismatch(issuesOf(errors).slice(0, maxIssues)) }
}

function hasMoreValuesThan(value: unknown, limit: number): boolean {
  const queue: unknown[] = [value]
  for (let seen = 0; queue.length > 0; seen++) {
    if (seen + queue.length > limit) return true
    const next = queue.pop()
    if (typeof next === 'object' && next !== null) queue.push(...Object.values(next).slice(0, limit + 1))
  }
  return false
}
