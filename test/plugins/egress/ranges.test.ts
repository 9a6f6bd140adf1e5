import { describe, expect, it } from 'vitest'
import { specialIPv4, specialIPv6, specialRangeOf } from '../../../plugins/egress/ranges.ts'

describe('special addresses', () => {
  it.each([
    ['8.8.8.8'],
    ['1.1.1.1'],
    ['9.255.255.255'],
    ['11.0.0.0'],
    ['100.63.255.255'],
    ['100.128.0.0'],
    ['126.255.255.255'],
    ['128.0.0.0'],
    ['169.253.255.255'],
    ['172.15.255.255'],
    ['172.32.0.0'],
    ['192.167.255.255'],
    ['198.17.255.255'],
    ['198.20.0.0'],
    ['223.255.255.255'],
    ['::ffff:8.8.8.8'],
    ['2001:200::1'],
    ['2606:4700:4700::1111'],
    ['2a00:1450:4001:81b::200e'],
    ['3ffe:ffff::1'],
  ])('%s is not one', (address) => {
    expect(specialRangeOf(address)).toBeUndefined()
  })

  it.each([...specialIPv4, ...specialIPv6])('every address of %s is one, from the first to the last', (block) => {
    expect(specialRangeOf(first(block))).toBeDefined()
    expect(specialRangeOf(last(block))).toBeDefined()
  })

  it.each([
    ['0.0.0.0', 'this network'],
    ['127.0.0.1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['100.100.100.200', 'shared by carrier-grade NAT'],
    ['255.255.255.255', 'reserved'],
    ['168.63.129.16', 'the host of a virtual machine'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:10.1.2.3', 'private'],
    ['::127.0.0.1', 'IPv4-compatible'],
    ['::8.8.8.8', 'IPv4-compatible'],
    ['::ffff:0:127.0.0.1', 'IPv4-translated'],
    ['64:ff9b::7f00:1', 'NAT64'],
    ['64:ff9b::8.8.8.8', 'NAT64'],
    ['64:ff9b:1::a00:1', 'NAT64 of a local network'],
    ['2002:7f00:1::', '6to4'],
    ['2002:808:808::', '6to4'],
    ['2001::7f00:1', 'for protocols, Teredo among them'],
    ['fd00:ec2::254', 'unique local'],
    ['fe80::1', 'link-local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
  ])('%s is one: %s', (address, kind) => {
    expect(specialRangeOf(address)).toBe(kind)
  })

  it.each(['4000::1', '8000::', 'e000::1', '400::1'])('%s belongs to nobody yet', (address) => {
    expect(specialRangeOf(address)).toBe('not allocated')
  })

  it.each(['', 'localhost', '1.2.3.4.5', '999.1.1.1', '12345::', 'fe80::1%', 'fe80::1%eth0', '::1]/'])(
    '%j is no address',
    (address) => {
      expect(specialRangeOf(address)).toBe('not an address')
    },
  )
})

function first(block: string): string {
  return block.split('/')[0] ?? ''
}

/** The last address of a block: its first with every bit after the prefix set. */
function last(block: string): string {
  const [address = '', prefix] = block.split('/')
  const isIPv6 = address.includes(':')
  const groups = isIPv6 ? groupsOf(address) : address.split('.').map(Number)
  const [size, all] = isIPv6 ? [16, 0xffff] : [8, 0xff]
  const filled = groups.map((group, index) => {
    const fixed = Math.min(size, Math.max(0, Number(prefix) - index * size))
    return group | (all >> fixed)
  })
  return isIPv6 ? filled.map((group) => group.toString(16)).join(':') : filled.join('.')
}

function groupsOf(address: string): number[] {
  const [head = '', tail = ''] = address.split('::')
  const [before, after] = [head, tail].map((text) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)),
  )
  const known = [before ?? [], after ?? []]
  const missing = 8 - known.flat().length
  return [...(known[0] ?? []), ...new Array<number>(missing).fill(0), ...(known[1] ?? [])]
}
