import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import type { Principal } from '../auth/principal.ts'
import type { Allotment } from '../limits/allotment.ts'
import type { RequestTrace } from '../tracing/index.ts'

/** On whose behalf a session runs, for as long as it lasts; the sockets that carry it may come and go. */
export interface LiveCaller {
  readonly principal: Principal
  readonly allotment: Allotment
  /** Those of the upgrade; the keys of providers that `hello` brought stand among them, each in its header. */
  readonly headers: IncomingHttpHeaders
  /** Of the upgrade. */
  readonly requestId: string
  readonly sessionId: string
  /** Its lines name the session. */
  readonly log: FastifyBaseLogger
  readonly trace: RequestTrace | undefined
}
