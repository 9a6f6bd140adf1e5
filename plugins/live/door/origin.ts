import { isIP } from 'node:net'

/**
 * Whether a page may open a socket where no key is asked for.
 *
 * Browsers ask nobody before they connect, so that any page that somebody visits could talk with the models of a gateway on their machine, at
 * its operator's cost. A page of an allowed origin may, as it may call everything else; so may one that this gateway itself gave out. That a
 * page's origin is the host that was asked does not show that, as the page's owner may let any name stand for this machine's address
 * (DNS rebinding): so the host has to be an address or `localhost`, which nobody else can take. Whoever says no origin is no browser.
 *
 * Where a key is needed, it is what decides: browsers send none by themselves, so that a page has one only from whoever owns it.
 */
export function mayConnect(origin: string | undefined, host: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(origin)) return true
  const page = URL.canParse(origin) ? new URL(origin) : undefined
  if (!page || !/^https?:$/.test(page.protocol) || !isOnesOwn(page.hostname)) return false
  return host !== undefined && page.host === hostIn(host, page.protocol)
}

function isOnesOwn(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}

/** Written as a URL of the same scheme has it: in lower case, and without the usual port. */
function hostIn(host: string, protocol: string): string | undefined {
  const url = `${protocol}//${host}/`
  return URL.canParse(url) ? new URL(url).host : undefined
}
