import ipaddr from 'ipaddr.js'

/**
 * What kind of special address this is, in words; undefined for one that anybody on the internet may have. Whatever cannot be read as
 * an address is special too. An IPv4 address inside an IPv6 one is judged by the IPv4 table where systems connect to it directly.
 */
export function specialRangeOf(address: string): string | undefined {
  const text = address.includes(':') ? spelledOut(address) : address
  if (!ipaddr.isValid(text)) return 'not an address'
  const parsed = ipaddr.parse(text)
  if (parsed.kind() === 'ipv4') return rangeIn(ipv4Ranges, parsed)
  const inner = ipaddr.process(text)
  if (inner.kind() === 'ipv4') return rangeIn(ipv4Ranges, inner)
  return rangeIn(ipv6Ranges, parsed) ?? (parsed.match(globalUnicast) ? undefined : 'not allocated')
}

/** Without dots: the library takes `::127.0.0.1` for `::ffff:127.0.0.1`, which systems do not. Empty where it is no address. */
function spelledOut(address: string): string {
  const url = `http://[${address}]/`
  return /^[\da-f:.]+$/i.test(address) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : ''
}

type Address = ReturnType<typeof ipaddr.parse>
type Range = readonly [block: string, kind: string]

/** From IANA's registry of IPv4 special-purpose addresses, with multicast and the addresses of one cloud's own machinery. */
export const specialIPv4: readonly Range[] = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared by carrier-grade NAT'],
  ['127.0.0.0/8', 'loopback'],
  // Where most clouds tell a machine its secrets.
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'for protocols'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', '6to4 relay'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['255.255.255.255/32', 'broadcast'],
  // Looks public and is not: every machine in Azure reaches its host there.
  ['168.63.129.16/32', 'the host of a virtual machine'],
]

/**
 * From IANA's registry of IPv6 special-purpose addresses. Those that hold an IPv4 address for a translator or a tunnel are refused
 * whatever they hold, because only the translator knows where they lead.
 */
export const specialIPv6: readonly Range[] = [
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::/96', 'IPv4-compatible'],
  ['::ffff:0:0:0/96', 'IPv4-translated'],
  ['64:ff9b::/96', 'NAT64'],
  ['64:ff9b:1::/48', 'NAT64 of a local network'],
  ['100::/64', 'discarded'],
  ['100:0:0:1::/64', 'dummy'],
  ['2001::/23', 'for protocols, Teredo among them'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', '6to4'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'segment routing'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
]

const ipv4Ranges = specialIPv4.map(parsedRange)
const ipv6Ranges = specialIPv6.map(parsedRange)
/** All that has been handed out to the internet; what lies outside is either in the table or nobody's yet. */
const globalUnicast = ipaddr.parseCIDR('2000::/3')

function parsedRange([block, kind]: Range): readonly [[Address, number], string] {
  return [ipaddr.parseCIDR(block), kind]
}

function rangeIn(ranges: readonly (readonly [[Address, number], string])[], address: Address): string | undefined {
  return ranges.find(([block]) => address.match(block))?.[1]
}
