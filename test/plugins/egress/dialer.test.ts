import type { LookupAddress } from 'node:dns'
import { createServer, type LookupFunction, type Server } from 'node:net'
import { type Dispatcher, request } from 'undici'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { publicDialer } from '../../../plugins/egress/dialer.ts'
import { specialIPv4, specialIPv6, specialRangeOf } from '../../../plugins/egress/ranges.ts'

/** Listens on every address of this machine and notes what comes. */
interface Trap {
  readonly port: number
  /** The first bytes of each connection. */
  readonly heard: Buffer[]
  /** How many connections came, whether they said something or not. */
  readonly connections: () => number
  close(): Promise<void>
}

let trap: Trap
const dispatchers: Dispatcher[] = []

beforeEach(async () => {
  trap = await startTrap()
})
afterEach(async () => {
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.destroy()))
  await trap.close()
})

describe('the dialer for what callers name', () => {
  const hosts = [
    ...['127.0.0.1', '127.0.0.1.', '127.1', '127.255.255.254', '0.0.0.0', '0', '[::1]', '[::]', '[0:0:0:0:0:0:0:1]'],
    // Decimal, hexadecimal, octal, and digits that only look otherwise.
    ...['2130706433', '0x7f000001', '0x7f.0.0.1', '0x7f.1', '017700000001', '0177.0.0.1', '0177.1', '①②⑦.⓪.⓪.①', '127。0。0。1'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]'],
    ...['[64:ff9b::127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::127.0.0.1]', '[2002:7f00:1::]', '[2001:0:7f00:1::]'],
    ...['10.0.0.1', '100.64.0.1', '169.254.169.254', '172.16.0.1', '192.168.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
    ...['[fc00::1]', '[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[2001:db8::1]', '[5f00::1]', '[3fff::1]'],
    ...['localhost', 'LOCALHOST'],
  ]

  it.each(hosts)('does not connect to http://%s', async (host) => {
    expect(await failureOf(dialer(), `http://${host}:${trap.port}/`)).toMatchObject({ code: 'address_not_allowed' })
    expect(trap.connections()).toBe(0)
  })

  it('does not connect to https://127.0.0.1 either', async () => {
    expect(await failureOf(dialer(), `https://127.0.0.1:${trap.port}/`)).toMatchObject({ code: 'address_not_allowed' })
    expect(trap.connections()).toBe(0)
  })

  it.each([...specialIPv4, ...specialIPv6])('does not connect to a name that stands for %s', async (block) => {
    const address = block.split('/')[0] ?? ''
    const { lookup } = resolver([[address]])
    expect(await failureOf(dialer({ lookup }), `http://name.test:${trap.port}/`)).toMatchObject({ code: 'address_not_allowed' })
  })

  it.each([
    ['first', ['127.0.0.1', '8.8.8.8']],
    ['last', ['2606:4700:4700::1111', '8.8.8.8', '127.0.0.1']],
    ['mapped', ['8.8.8.8', '::ffff:127.0.0.1']],
  ])('does not connect to a name that has one special address among others: %s', async (_, addresses) => {
    const { lookup } = resolver([addresses])
    expect(await failureOf(dialer({ lookup }), `http://name.test:${trap.port}/`)).toMatchObject({ code: 'address_not_allowed' })
    expect(trap.connections()).toBe(0)
  })

  it('says nothing of the address that it found', async () => {
    const { lookup } = resolver([['10.11.12.13']])
    const error = await failureOf(dialer({ lookup }), `http://name.test:${trap.port}/`)
    expect(String(error)).not.toContain('10.11')
    expect(String(error)).not.toContain('name.test')
  })

  it('connects to what was checked, whatever the name stands for a moment later', async () => {
    const { lookup, asked } = resolver([['127.0.0.1'], ['127.0.0.2']])
    const dispatcher = dialer({ lookup, rangeOf: allBut127001 })
    expect((await request(`http://name.test:${trap.port}/`, { dispatcher })).statusCode).toBe(204)
    expect(asked).toEqual(['name.test'])
    expect(trap.connections()).toBe(1)
  })

  it('checks a name anew for every request', async () => {
    const { lookup, asked } = resolver([['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1']])
    const dispatcher = dialer({ lookup, rangeOf: allBut127001 })
    const url = `http://name.test:${trap.port}/`
    expect((await request(url, { dispatcher })).statusCode).toBe(204)
    expect(await failureOf(dispatcher, url)).toMatchObject({ code: 'address_not_allowed' })
    expect((await request(url, { dispatcher })).statusCode).toBe(204)
    expect(asked).toEqual(['name.test', 'name.test', 'name.test'])
    expect(trap.connections()).toBe(2)
  })

  it('asks the server by its name, and for the certificate of that name', async () => {
    const { lookup } = resolver([['127.0.0.1'], ['127.0.0.1']])
    const dispatcher = dialer({ lookup, rangeOf: allBut127001 })
    await request(`http://name.test:${trap.port}/`, { dispatcher })
    await failureOf(dispatcher, `https://secure.test:${trap.port}/`)
    expect(trap.heard[0]?.toString('latin1')).toContain(`host: name.test:${trap.port}`)
    expect(trap.heard[1]?.toString('latin1')).toContain('secure.test')
  })

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('fails as the look-up of the name fails: %s', async (code) => {
    const lookup: LookupFunction = (_hostname, _options, callback) => callback(Object.assign(new Error('no'), { code }), [])
    expect(await failureOf(dialer({ lookup }), 'http://name.test/')).toMatchObject({ code })
  })

  it('does not connect where a name has no address at all', async () => {
    const { lookup } = resolver([[]])
    expect(await failureOf(dialer({ lookup }), 'http://name.test/')).toMatchObject({ code: 'address_not_allowed' })
  })
})

function dialer(options: Partial<Parameters<typeof publicDialer>[0]> = {}): Dispatcher {
  const dispatcher = publicDialer({ connectMs: 5000, ...options })
  dispatchers.push(dispatcher)
  return dispatcher
}

/** The only address of this machine that the test may reach; all others are as special as they are. */
function allBut127001(address: string): string | undefined {
  return address === '127.0.0.1' ? undefined : specialRangeOf(address)
}

/** A resolver whose answer changes: the first look-up gets the first addresses, the last repeat. */
function resolver(answers: readonly (readonly string[])[]): { lookup: LookupFunction; asked: string[] } {
  const asked: string[] = []
  const lookup: LookupFunction = (hostname, _options, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(hostname)
    const found = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }))
    queueMicrotask(() => callback(null, found))
  }
  return { lookup, asked }
}

async function failureOf(dispatcher: Dispatcher, url: string): Promise<unknown> {
  try {
    const { statusCode } = await request(url, { dispatcher })
    return new Error(`connected, and was answered with ${statusCode}`)
  } catch (error) {
    return error
  }
}

async function startTrap(): Promise<Trap> {
  const heard: Buffer[] = []
  let count = 0
  const server = createServer((socket) => {
    count++
    socket.on('error', () => socket.destroy())
    socket.once('data', (bytes) => {
      heard.push(bytes)
      socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n')
    })
  })
  await listenEverywhere(server)
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    heard,
    connections: () => count,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** IPv6 too, where the machine has it. */
function listenEverywhere(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.once('error', () => server.listen(0, '0.0.0.0', resolve))
    server.listen(0, '::', resolve)
  })
}
