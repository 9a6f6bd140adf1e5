import { describe, expect, it } from 'vitest'
import { mostErrors, Patience } from '../../../../plugins/live/wire/patience.ts'
import {
  closeCodeOf,
  toldOf,
  type ViolationCode,
  violation,
  violationRows,
  violations,
} from '../../../../plugins/live/wire/violations.ts'
import { problemsWith } from '../../../contract-schemas.ts'

const codes = Object.keys(violations).filter((code): code is ViolationCode => Object.hasOwn(violations, code))

describe('a violation', () => {
  it.each(codes)('of %s is told as the contract has it, and closes where it says so', (code) => {
    const told = toldOf(violation(code), 7)
    const { answer } = violations[code]
    if (answer === 'dropped') {
      expect(told).toBeUndefined()
      return
    }
    expect(problemsWith('LiveServerMessage', told)).toEqual([])
    expect(told).toMatchObject({ type: answer === 'warning' ? 'warning' : 'error', seq: 7, code })
    expect(told?.type === 'error' && told.close).toBe(answer === 'close')
    expect(closeCodeOf(violation(code)) !== undefined).toBe(answer === 'close')
  })

  it('has what is more exact than the table', () => {
    const issues = [{ param: 'op', code: 'required', message: 'the field is required' }]
    const told = toldOf(violation('invalid_message', { message: 'op: the field is required', param: 'op', issues }), 1)
    expect(told).toEqual({
      type: 'error',
      seq: 1,
      scope: 'session',
      error_type: 'invalid_request_error',
      code: 'invalid_message',
      message: 'op: the field is required',
      param: 'op',
      issues,
      retryable: false,
      close: false,
    })
  })

  it('closes with a code by its kind', () => {
    const byCode = violationRows.map(([code, row]) => [code, row.answer === 'close' ? row.closeCode : row.answer])
    expect(Object.fromEntries(byCode)).toEqual({
      hello_expected: 1008,
      hello_timeout: 1008,
      hello_repeated: 1008,
      invalid_json: 1007,
      invalid_msgpack: 1007,
      invalid_message: 'error',
      too_many_errors: 1008,
      unexpected_binary: 1003,
      unexpected_text: 1003,
      unexpected_audio_frame: 1003,
      unexpected_sound: 1003,
      half_sample: 1007,
      empty_frame: 'error',
      frame_out_of_order: 'warning',
      message_too_large: 1009,
      too_many_messages: 1008,
      slow_consumer: 1008,
      after_end: 'dropped',
    })
  })
})

describe('patience', () => {
  it(`ends with more than ${mostErrors} errors in a minute`, () => {
    const patience = new Patience()
    const answers = Array.from({ length: mostErrors + 1 }, (_, index) => patience.isOver(index))
    expect(answers).toEqual([...Array.from({ length: mostErrors }, () => false), true])
  })

  it('does not end with as many in more time', () => {
    const patience = new Patience()
    for (let index = 0; index < 200; index++) expect(patience.isOver(index * 3000)).toBe(false)
    const answers = Array.from({ length: mostErrors }, () => patience.isOver(200 * 3000))
    expect(answers.indexOf(true)).toBe(1)
  })

  it('ends at any time in a session', () => {
    const patience = new Patience()
    for (let index = 0; index < 7; index++) patience.isOver(index)
    const answers = Array.from({ length: mostErrors + 1 }, () => patience.isOver(100_000))
    expect(answers.indexOf(true)).toBe(mostErrors)
  })
})
