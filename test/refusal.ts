import { expect } from 'vitest'
import type { ErrorResponse } from '../api/schemas.gen.ts'
import { problemsWith } from './contract-schemas.ts'

/** The error in an answer's body, held to the contract: its schema, its id, its size. */
export function refusalIn(body: string, requestId: string | null | undefined): ErrorResponse['error'] {
  const value: unknown = JSON.parse(body)
  expect(problemsWith('ErrorResponse', value)).toEqual([])
  const { error, request_id: id }: ErrorResponse = JSON.parse(body)
  expect(id).toBe(requestId)
  expect(error.request_id).toBe(requestId)
  expect(error.message.length).toBeLessThan(2000)
  expect(error.issues?.length ?? 0).toBeLessThanOrEqual(32)
  expect(body.length).toBeLessThan(40_000)
  return error
}
