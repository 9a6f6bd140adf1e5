import type { FastifySchemaCompiler } from 'fastify'
import { GatewayError } from '../../api/error.ts'
import type { Issue } from '../../api/schemas.gen.ts'
import { bodyValidators, queryValidators } from '../../api/validators.gen.ts'
import { issuesOf } from './issues.ts'

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

/** How a list of issues is told: the first ones, and the very first also as the error's own message, code and param. */
export function invalidRequestDetails(issues: readonly Issue[]): {
  message: string
  code: string
  param?: string
  issues: readonly Issue[]
} {
  const told = issues.slice(0, maxIssues)
  const first = told[0] ?? { code: 'invalid_request', message: 'the request is not valid' }
  const more = told.length > 1 ? ` (and ${told.length - 1} more in issues)` : ''
  return {
    message: `${first.param ? `${first.param}: ` : ''}${first.message}${more}`,
    code: first.code,
    ...(first.param !== undefined && { param: first.param }),
    issues: told,
  }
}

/** Looks up the check that was compiled for a route's `{ $ref }`. */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  return ({ schema, httpPart }) => {
    const name = typeof schema === 'object' && schema !== null && '$ref' in schema ? String(schema.$ref) : ''
    const check = httpPart === 'body' ? bodyValidators[name] : queryValidators[name]
    if (!check) throw new TypeError(`no check was generated for the ${httpPart} ${name}`)
    return (value: unknown) => {
      if (value === null && httpPart === 'body') return { error: new GatewayError('empty_body') }
      return check(value) || { error: new SchemaMismatch(issuesOf(check.errors ?? [], maxIssues)) }
    }
  }
}
