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

  /** What is wrong beside what is excused; as many issues as can be told, and one more where there are more. */
  issuesExcept(isExcused: (error: ValidationError) => boolean): Issue[] {
    return issuesOf(
      this.#errors.filter((error) => !isExcused(error)),
      oneTooMany,
    )
  }
}

/** By the one that is not told it is known that there are more. */
const oneTooMany = maxIssues + 1
