import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../api/error.ts'
import { addressOf } from './address.ts'

/**
 * Counts the wrong keys of each address, and throws `authentication_rate_limit` (429) where there are too many: somebody who tries
 * keys is told to wait, and learns nothing more. It is asked for wrong keys alone. Were right ones held up too, whoever shares an
 * address with somebody else, or a proxy that is not trusted, could be shut out.
 */
export async function guessLimit(app: FastifyInstance): Promise<(request: FastifyRequest) => Promise<void>> {
  await app.register(rateLimit, { global: false, max: guessesPerMinute, cache: addressesKept, keyGenerator: addressOf })
  const count = app.createRateLimit()
  return async (request) => {
    const counted = await count(request)
    if (counted.isAllowed || !counted.isExceeded) return
    app.metrics.limitRefused('authentication', 'address')
    throw new GatewayError('authentication_rate_limit', { retryAfter: counted.ttlInSeconds, message: tooMany })
  }
}

const guessesPerMinute = 30
/** How many addresses are counted; beyond it those are forgotten that were heard of least lately. */
const addressesKept = 10_000

const tooMany = `Too many keys from this address were refused: more than ${guessesPerMinute} in a minute.`
