import type { GatewayError } from '../../../api/error.ts'
import type { LiveError } from '../../../api/schemas.gen.ts'

/** An error as it is told to a client whose session does not begin, and the code with which its socket is closed. */
export function refusalOf(error: GatewayError): { readonly message: LiveError; readonly closeCode: number } {
  const { type, code, message, param, issues } = error
  return {
    message: {
      type: 'error',
      // Of a session that there is not, it is the first message and the last.
      seq: 1,
      scope: 'session',
      error_type: type,
      code,
      message,
      ...(param !== undefined && { param }),
      ...(issues && { issues: [...issues] }),
      retryable: error.retryAfter !== undefined || error.status >= 500,
      close: true,
    },
    closeCode: closeCodeOf(error),
  }
}

function closeCodeOf({ code, status }: GatewayError): number {
  // The process goes down, and another will take its place.
  if (code === 'shutting_down') return 1012
  if (status === 429 || status === 503 || status === 529) return 1013
  return status >= 500 ? 1011 : 1008
}
