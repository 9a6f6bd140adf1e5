import type { IncomingHttpHeaders } from 'node:http'

/** Where in a trace a request comes from, as its headers say: W3C Trace Context. */
export interface TraceContext {
  /** 32 hexadecimal digits, in lower case. */
  readonly traceId: string
  /** 16 hexadecimal digits, in lower case. */
  readonly spanId: string
  readonly isSampled: boolean
  /** As they came, to be sent on. */
  readonly headers: TraceHeaders
}

export interface TraceHeaders {
  readonly traceparent: string
  readonly tracestate?: string
}

/** What the headers say; undefined where they say nothing, or what is not valid. */
export function traceContextOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined
  const [, version, traceId, spanId, flags, more] = traceparentForm.exec(traceparent) ?? []
  if (!version || !traceId || !spanId || !flags) return undefined
  // Later versions may say more after these four; the first one does not.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  const state = typeof tracestate === 'string' && isTracestate(tracestate) ? tracestate : undefined
  return {
    traceId,
    spanId,
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
    headers: { traceparent: `00-${traceId}-${spanId}-${flags}`, ...(state && { tracestate: state }) },
  }
}

const traceparentForm = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/

/** It is of others, and is passed on as it is where it is no more than it may be. */
function isTracestate(text: string): boolean {
  return text.length <= 512 && /^[\x20-\x7e]+$/.test(text)
}
