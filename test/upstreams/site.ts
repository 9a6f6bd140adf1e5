import type { LookupFunction } from 'node:net'
import { type Clock, systemClock } from '../../api/clock.ts'
import { publicDialer } from '../../plugins/egress/dialer.ts'
import { type Fetched, type FetchOptions, fetchPublic } from '../../plugins/egress/fetch.ts'
import { specialRangeOf } from '../../plugins/egress/ranges.ts'
import { type RawUpstream, startRawUpstream, type Talk } from '../raw-upstream.ts'

/** A site of the web, by the name of `site.test` or any other, and what fetches from it as the gateway does. */
export interface Site {
  /** `http://site.test:1234`. */
  readonly url: string
  readonly raw: RawUpstream
  /** As the gateway fetches what a model named, with the one difference that this machine's 127.0.0.1 counts as public. */
  readonly fetch: (url: string, options: FetchOptions) => Promise<Fetched>
  close(): Promise<void>
}

/** The site says what `talk` says; of names, `private.test` stands for an address that is not public. */
export async function startSite(talk: Talk, clock: Clock = systemClock): Promise<Site> {
  const raw = await startRawUpstream(talk)
  const dispatcher = publicDialer({
    connectMs: 5000,
    lookup,
    rangeOf: (address) => (address === '127.0.0.1' ? undefined : specialRangeOf(address)),
  })
  return {
    url: `http://site.test:${new URL(raw.url).port}`,
    raw,
    fetch: (url, options) => fetchPublic(dispatcher, clock, url, options),
    async close() {
      await dispatcher.destroy()
      await raw.close()
    },
  }
}

const lookup: LookupFunction = (hostname, _options, callback) => {
  callback(null, [{ address: hostname === 'private.test' ? '127.0.0.2' : '127.0.0.1', family: 4 }])
}
