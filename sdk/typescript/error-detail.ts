import { isRecord } from './generated/json.gen.ts'
import type { ErrorDetail } from './generated/types.gen.ts'
import type { Mask } from './mask.ts'

/** What somebody tells of an error, with the keys masked; undefined where it is no error of the contract. */
export function errorDetailOf(told: unknown, mask: Mask): ErrorDetail | undefined {
  if (!isRecord(told)) return undefined
  const entries = Object.entries(told).map(([name, value]) => [name, exact.has(name) ? value : maskedIn(value, mask)])
  const detail: unknown = Object.fromEntries(entries)
  return isDetail(detail) ? detail : undefined
}

/** What programs go by is left as it is, whatever the keys are. */
const exact: ReadonlySet<string> = new Set<keyof ErrorDetail>(['type', 'code', 'request_id'])

function maskedIn(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value)
  if (Array.isArray(value)) return value.map((each) => maskedIn(each, mask))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [mask(name), maskedIn(each, mask)]))
}

function isDetail(value: unknown): value is ErrorDetail {
  return (
    isRecord(value) &&
    typeof value.type === 'string' &&
    typeof value.message === 'string' &&
    (value.code === undefined || typeof value.code === 'string') &&
    (value.retry_after === undefined || typeof value.retry_after === 'number') &&
    (value.issues === undefined || Array.isArray(value.issues)) &&
    (value.details === undefined || isRecord(value.details))
  )
}
