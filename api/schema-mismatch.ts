import { GatewayError } from './error.ts'
import { invalidRequestDetails, issuesOf, maxIssues } from './issues.ts'
import type { Issue } from './schemas.gen.ts'
import type { ValidationError } from './validator.ts'

/**
 * What is wrong with a value, all of it. An `Error`, because that is what Fastify carries to whoever asked for it
 * (`attachValidation`) or to the error handler.
 */
export class SchemaMismatch extends GatewayError {
  // Private, because the errors hold the caller's values, which no log may print.
  readonly #errors: readonly ValidationError[]

  constructor(errors: readonly ValidationError[]) {
    super('invalid_request', invalidRequestDetails(issuesOf(errors, oneTooMany)))
    this.#errors = errors
  }

  /** What is wrong below a member of the value, as if that were all of it; undefined where nothing there is. */
  within(member: string): SchemaMismatch | undefined {
    const prefix = `/${member}`
    const errors = this.#errors.filter((error) => isWithin(error, prefix))
    if (errors.length === 0) return undefined
    return new SchemaMismatch(errors.map((error) => ({ ...error, instancePath: error.instancePath.slice(prefix.length) })))
  }

  /** What is wrong elsewhere. */
  issuesOutside(member: string): Issue[] {
    return this.issuesExcept((error) => isWithin(error, `/${member}`))
  }

  /** What is wrong beside what is excused; as many issues as can be told, and one more where there are more. */
  issuesExcept(isExcused: (error: ValidationError) => boolean): Issue[] {
    return issuesOf(
      this.#errors.filter((error) => !isExcused(error)),
      oneTooMany,
    )
  }
}

/** A member that is of the wrong type altogether is wrong where it stands. */
function isWithin({ instancePath, keyword }: ValidationError, prefix: string): boolean {
  return instancePath.startsWith(`${prefix}/`) || (instancePath === prefix && keyword !== 'type')
}

/** By the one that is not told it is known that there are more. */
const oneTooMany = maxIssues + 1
