import { lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { GatewayError } from '../../api/error.ts'
import { specialRangeOf } from './ranges.ts'

export interface DialerOptions {
  /** How long connecting may take, the look-up of the name included, in milliseconds. */
  readonly connectMs: number
  /** How names become addresses; the system's way by default. */
  readonly lookup?: LookupFunction
  /** What is special about an address, and undefined for one that may be connected to; the table of special ranges by default. */
  readonly rangeOf?: (address: string) => string | undefined
}

/**
 * Connections to whatever a caller names. Every address that a name has is checked, and the connection goes to one of those that were
 * checked and to no other: the name is not looked up again in between. Anything else fails with `address_not_allowed`.
 *
 * A connection serves one request, so that each is checked anew and nothing is kept of hosts that callers think up.
 */
export function publicDialer({ connectMs, lookup = systemLookup, rangeOf = specialRangeOf }: DialerOptions): Dispatcher {
  const connect = buildConnector({ timeout: connectMs, allowH2: false, lookup: checked(lookup, rangeOf), autoSelectFamily: true })
  return new Agent({
    pipelining: 0,
    connect(options, callback) {
      // An address in the URL itself is never looked up.
      if (isIP(options.hostname) !== 0 && rangeOf(options.hostname) !== undefined) {
        queueMicrotask(() => callback(new GatewayError('address_not_allowed'), null))
      } else {
        connect(options, callback)
      }
    },
  })
}

/**
 * A look-up that fails where any of the addresses is special. Where only some are, somebody tries to mix them or has lost control of
 * the name; to take the others would make the outcome depend on the order of the day.
 */
function checked(lookup: LookupFunction, rangeOf: (address: string) => string | undefined): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const addresses = Array.isArray(found) ? found : [{ address: found, family: isIP(found) }]
      const [first] = addresses
      // Its message does not say what was found, which would tell a caller about the operator's network.
      if (!first || addresses.some(({ address }) => rangeOf(address) !== undefined)) {
        callback(new GatewayError('address_not_allowed'), [])
      } else if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}
