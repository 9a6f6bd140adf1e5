import { describe, expect, it } from 'vitest'
import { traceContextOf } from '../../../plugins/tracing/context.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const span = 'b7ad6b7169203331'

describe("a caller's trace", () => {
  it('is known by its traceparent', () => {
    expect(traceContextOf({ traceparent: `00-${trace}-${span}-01` })).toEqual({
      traceId: trace,
      spanId: span,
      isSampled: true,
      headers: { traceparent: `00-${trace}-${span}-01` },
    })
    expect(traceContextOf({ traceparent: `00-${trace}-${span}-00` })).toMatchObject({ isSampled: false })
  })

  it('may be of a later version, of which the first four parts are read', () => {
    expect(traceContextOf({ traceparent: `01-${trace}-${span}-01-what-else` })?.headers.traceparent).toBe(
      `00-${trace}-${span}-01`,
    )
  })

  it('brings the states of others along', () => {
    const state = 'vendor=one,other=two'
    expect(traceContextOf({ traceparent: `00-${trace}-${span}-01`, tracestate: state })?.headers.tracestate).toBe(state)
  })

  it.each(['x'.repeat(513), 'vendor=é', 'vendor=\tx'])('goes on without a state that is not one: %j', (tracestate) => {
    expect(traceContextOf({ traceparent: `00-${trace}-${span}-01`, tracestate })?.headers).toEqual({
      traceparent: `00-${trace}-${span}-01`,
    })
  })

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `00-${trace}-${span}-1`,
    `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
  ])('is none where traceparent is %j', (traceparent) => {
    expect(traceContextOf({ traceparent })).toBeUndefined()
  })
})
