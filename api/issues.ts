import { nearest } from '../text/nearest.ts'
import type { ErrorDetails } from './error.ts'
import { type IssueCode, isIssueCode } from './issue-codes.ts'
import { paramOf } from './param.ts'
import { allSchemas, type Issue } from './schemas.gen.ts'
import type { ValidationError } from './validator.ts'

/**
 * The contract's issues from the first of Ajv's errors: the path of the field, a code, and what would be right. No more than
 * `limit` are made: a body can have hundreds of thousands of errors, and to word them all would hold up everybody else.
 */
export function issuesOf(errors: readonly ValidationError[], limit: number): Issue[] {
  const issues: Issue[] = []
  for (const [index, error] of errors.entries()) {
    if (issues.length === limit) break
    // "if" only says that a branch failed, whose own errors stand beside it.
    if (error.keyword !== 'if' && !isToldBetter(error, index, errors)) issues.push(issueOf(error))
  }
  return issues
}

/** A tag that is missing is missed twice: as a member, and, just behind that and with all that it can be, as what tells the branches of a union apart. */
function isToldBetter(
  { keyword, instancePath, params }: ValidationError,
  index: number,
  errors: readonly ValidationError[],
): boolean {
  if (keyword !== 'required') return false
  const next = errors[index + 1]
  return next?.keyword === 'discriminator' && next.instancePath === instancePath && next.params.tag === params.missingProperty
}

/** An issue of the field at a path. */
export function issueAt(path: readonly (string | number)[], code: IssueCode, message: string): Issue {
  return { param: paramOf(path), code, message }
}

/** The most issues that one error tells. */
export const maxIssues = 32

/** How a list of issues is told: the first ones, and the very first also as the error's own message, code and param. */
export function invalidRequestDetails(issues: readonly Issue[]): ErrorDetails {
  const told = issues.slice(0, maxIssues)
  const first = told[0] ?? { code: 'invalid_request', message: 'the request is not valid' }
  return {
    message: `${first.param ? `${first.param}: ` : ''}${first.message}${moreThan(issues.length)}`,
    code: first.code,
    ...(first.param !== undefined && { param: first.param }),
    issues: told,
  }
}

function moreThan(count: number): string {
  if (count <= 1) return ''
  return count > maxIssues ? ` (and more; the first ${maxIssues} are in issues)` : ` (and ${count - 1} more in issues)`
}

function issueOf(error: ValidationError): Issue {
  const path = pathOf(error.instancePath)
  const params: Readonly<Record<string, unknown>> = error.params
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = String(params.additionalProperty)
      const near = nearest(field, Object.keys(error.parentSchema?.properties ?? {}))
      return issue([...path, field], 'unknown_field', `the field is not known here${near ? `; did you mean "${near}"?` : ''}`)
    }
    case 'required':
      return issue([...path, String(params.missingProperty)], 'required', 'the field is required')
    case 'type':
      return issue(path, 'invalid_type', `${listOf(params.type)} is expected, not ${kindOf(error.data)}`)
    case 'enum':
    case 'const':
      return issue(
        path,
        path.at(-1) === 'media_type' ? 'unsupported_media_type' : 'invalid_enum',
        `${allowed(params)} is expected, not ${shown(error.data)}`,
      )
    case 'discriminator':
      return unknownTag(path, String(params.tag), params.tagValue, error.parentSchema)
    case 'minItems':
    case 'minLength':
      return issue(
        path,
        params.limit === 1 ? 'empty' : 'out_of_range',
        params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit}`,
      )
    case 'maxItems':
    case 'maxLength':
      return issue(
        path,
        'too_large',
        `must have at most ${params.limit} ${error.keyword === 'maxItems' ? 'items' : 'characters'}`,
      )
    case 'minimum':
      return issue(path, 'out_of_range', `must be at least ${params.limit}`)
    case 'maximum':
      return issue(path, 'out_of_range', `must be at most ${params.limit}`)
    default:
      return issue(path, 'invalid', error.message ?? 'is not valid')
  }
}

function unknownTag(path: readonly (string | number)[], tag: string, value: unknown, parent: object | undefined): Issue {
  const known = parent ? tagsOf(parent, tag) : []
  if (value === undefined) return issue([...path, tag], 'required', `the field is required; one of ${quoted(known)}`)
  if (typeof value !== 'string') return issue([...path, tag], 'invalid_type', `a string is expected, not ${kindOf(value)}`)
  const named = parent && 'x-unknown-code' in parent ? parent['x-unknown-code'] : undefined
  const code = isIssueCode(named) ? named : 'unknown_type'
  const near = nearest(value, known)
  return issue(
    [...path, tag],
    code,
    `${shown(value)} is not known here${near ? `; did you mean "${near}"?` : '.'} Known: ${quoted(known)}`,
  )
}

/** The values that a union's tag can have. */
function tagsOf(union: object, tag: string): string[] {
  const branches = 'oneOf' in union && Array.isArray(union.oneOf) ? union.oneOf : []
  return branches.flatMap((branch: { $ref?: string }) => {
    const schema: unknown = allSchemas.find((candidate) => `${candidate.$id}#` === branch.$ref)
    return tagValues(schema, tag)
  })
}

function tagValues(schema: unknown, tag: string): string[] {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return []
  const properties: Readonly<Record<string, { const?: string; enum?: string[] }>> = { ...Object(schema.properties) }
  const property = properties[tag]
  return property?.const ? [property.const] : (property?.enum ?? [])
}

function issue(path: readonly (string | number)[], code: IssueCode, message: string): Issue {
  const param = paramOf(path)
  return { ...(param !== '' && { param }), code, message }
}

/** Ajv's pointer; digits are array indexes, because no object of the contract has such keys where a schema looks. */
function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment.replaceAll('~1', '/').replaceAll('~0', '~')))
}

function allowed(params: Readonly<Record<string, unknown>>): string {
  const values: unknown = params.allowedValues ?? [params.allowedValue]
  return Array.isArray(values) ? quoted(values.map(String)) : String(values)
}

function quoted(values: readonly string[]): string {
  return values.map((value) => `"${value}"`).join(', ')
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'an array',
  null: 'null',
}

function listOf(types: unknown): string {
  const names = (Array.isArray(types) ? types : [types]).map((type) => kinds[String(type)] ?? String(type))
  return names.join(' or ')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean') return String(value)
  return kinds[typeof value] ?? typeof value
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
