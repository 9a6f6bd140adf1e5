import type { FastifySchemaCompiler } from 'fastify'
import { GatewayError } from '../../api/error.ts'
import { SchemaMismatch } from '../../api/schema-mismatch.ts'
import { bodyValidators, queryValidators } from '../../api/validators.gen.ts'

/** Looks up the check that was compiled for a route's `{ $ref }`. */
export function createValidatorCompiler(): FastifySchemaCompiler<unknown> {
  return ({ schema, httpPart }) => {
    const name = typeof schema === 'object' && schema !== null && '$ref' in schema ? String(schema.$ref) : ''
    const check = httpPart === 'body' ? bodyValidators[name] : queryValidators[name]
    if (!check) throw new TypeError(`no check was generated for the ${httpPart} ${name}`)
    return (value: unknown) => {
      if (value === null && httpPart === 'body') return { error: new GatewayError('empty_body') }
      return check(value) || { error: new SchemaMismatch(check.errors ?? []) }
    }
  }
}
