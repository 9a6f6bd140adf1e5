import type { AddressInfo } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'

/**
 * Where the server may be fetched from itself, though it stands on an address that is not public: the pages that it made for this and
 * nothing else. A URL means one of them only where it is spelled letter by letter as here, so that no clever spelling is ever weighed;
 * and whatever host it names, the connection goes to the socket that this server listens on.
 */
export function ownPageURLs(listening: readonly AddressInfo[], paths: readonly string[]): ReadonlyMap<string, AddressInfo> {
  return new Map(
    listening.flatMap((address) =>
      hostsOf(address.address).flatMap((host) =>
        paths.map((path): [string, AddressInfo] => [new URL(path, `http://${host}:${address.port}`).href, address]),
      ),
    ),
  )
}

/** Connects to one address that this server listens on, whatever the URL names. To be closed after the one request that it is for. */
export function ownDispatcher({ address, port }: AddressInfo, connectMs: number): Dispatcher {
  const connect = buildConnector({ timeout: connectMs, allowH2: false })
  const hostname = wildcards.get(address) ?? address
  return new Agent({
    pipelining: 0,
    connect: (options, callback) => connect({ ...options, protocol: 'http:', hostname, port: String(port) }, callback),
  })
}

/** What listens everywhere listens on the loopback address too. */
const wildcards: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

/** How a URL names a host that this server listens on; where it listens everywhere, the machine's names for itself alone. */
function hostsOf(address: string): readonly string[] {
  if (wildcards.has(address)) return ['127.0.0.1', '[::1]', 'localhost']
  const host = address.includes(':') ? `[${address}]` : address
  return address === '::1' || address.startsWith('127.') ? [host, 'localhost'] : [host]
}
