import { isIP } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'

/**
 * Where a request comes from, as limits count it: an address, of IPv6 the network of 64 bits, in which everybody has more addresses
 * than could be counted.
 */
export function addressOf({ ip, raw }: FastifyRequest): string {
  // What a trusted proxy says need not be an address.
  const address = isIP(ip) === 0 ? raw.socket.remoteAddress : ip
  return address === undefined ? 'unknown' : normalizeIP(address, 64)
}
