import type { IssueCode } from '../../../api/issue-codes.ts'
import { invalidRequestDetails, issueAt } from '../../../api/issues.ts'
import type { Issue } from '../../../api/schemas.gen.ts'
import { type Violation, violation } from './violations.ts'

/** Thrown within the wire, and caught there: what is wrong with a frame. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly violation: Violation

  constructor(violation: Violation) {
    super(violation.message)
    this.violation = violation
  }
}

/** A message that can be read and is not valid. */
export function invalidMessage(issues: readonly Issue[]): Violation {
  const { message, param, issues: told } = invalidRequestDetails(issues)
  return violation('invalid_message', {
    ...(message !== undefined && { message }),
    ...(param !== undefined && param !== '' && { param }),
    ...(told && { issues: told }),
  })
}

/** The refusal of a message for one field, or, without a path, for the whole of it. */
export function refused(path: readonly (string | number)[], code: IssueCode, message: string): Refusal {
  const issue = path.length > 0 ? issueAt(path, code, message) : { code, message }
  return new Refusal(invalidMessage([issue]))
}

/** As for the bodies of requests: deeper than anything in use, and far from where recursion over the value would run out of stack. */
export const maxDepth = 128
/** Bounds how many problems one message can have, all of which are looked for: a `hello` with all messages from before, and what comes after it. */
export const maxValues = 250_000
export const maxValuesLater = 10_000

export function tooDeep(): Refusal {
  return refused([], 'too_deep', `the message is nested more than ${maxDepth} levels deep`)
}

export function tooManyValues(most: number): Refusal {
  return refused([], 'too_many_values', `the message holds more than ${most} values`)
}
