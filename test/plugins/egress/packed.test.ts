import { Transform } from 'node:stream'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Fetched, FetchOptions } from '../../../plugins/egress/fetch.ts'
import { answer, pour, type Talk } from '../../raw-upstream.ts'
import { type Site, startSite } from '../../upstreams/site.ts'

let site: Site
beforeEach(async () => {
  site = await startSite((socket) => socket.end(answer('404 Not Found', [])))
})
afterEach(() => site.close())

const words = Buffer.from('words and more words, '.repeat(40))

describe('a packed answer', () => {
  it.each([
    ['gzip', gzipSync(words)],
    ['GZip', gzipSync(words)],
    ['x-gzip', gzipSync(words)],
    ['gzip', Buffer.concat([gzipSync(words.subarray(0, 100)), gzipSync(words.subarray(100))])],
    ['deflate', deflateSync(words)],
    ['deflate', deflateRawSync(words)],
    ['br', brotliCompressSync(words)],
    ['identity', words],
  ])('is unpacked: %s', async (encoding, bytes) => {
    const fetched = await fetchOf((socket) => socket.end(answer('200 OK', [`content-encoding: ${encoding}`], bytes)))
    expect(fetched.body.equals(words)).toBe(true)
    expect(fetched.isTruncated).toBe(false)
    expect(site.raw.exchanges[0]?.request).toContain('accept-encoding: gzip, deflate, br\r\n')
  })

  it('may be none', async () => {
    const fetched = await fetchOf((socket) => socket.end('HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n\r\n'))
    expect(fetched).toMatchObject({ status: 204, body: Buffer.alloc(0) })
  })

  it.each(['gzip, gzip', 'gzip, br', 'zstd', 'compress', 'nonsense'])('is refused where it is packed as %s', async (encoding) => {
    const packed = gzipSync(gzipSync(words))
    const fetching = fetchOf((socket) => socket.write(answer('200 OK', [`content-encoding: ${encoding}`], packed)))
    await expect(fetching).rejects.toMatchObject({ code: 'fetch_failed', message: expect.stringContaining('not asked for') })
    await site.raw.exchanges[0]?.closed
  })

  it.each([
    ['is something else', 'gzip', words],
    ['breaks off', 'gzip', gzipSync(words).subarray(0, 30)],
    ['breaks off', 'br', brotliCompressSync(words).subarray(0, 20)],
    ['is something else', 'deflate', Buffer.from('xxxx')],
  ])('fails where it %s: %s', async (_, encoding, bytes) => {
    const fetching = fetchOf((socket) => socket.end(answer('200 OK', [`content-encoding: ${encoding}`], bytes)))
    await expect(fetching).rejects.toMatchObject({ code: 'fetch_failed' })
  })
})

describe('a bomb', () => {
  const gigabyte = 1024 * 1024 * 1024
  // Packed a thousand times smaller, and sent as often as somebody reads.
  const piece = { gzip: gzipSync(Buffer.alloc(8_000_000)), br: brotliCompressSync(Buffer.alloc(8_000_000)) }

  it.each(['gzip', 'br'] as const)('of %s costs no more than what is read of it', async (encoding) => {
    const unpacked = vi.spyOn(Transform.prototype, 'push')
    onTestFinished(() => unpacked.mockRestore())
    const fetching = fetchOf((socket) => socket.write(answer('200 OK', headers(encoding), piece[encoding])), {
      maxBytes: 1_000_000,
    })
    await expect(fetching).rejects.toMatchObject({ message: 'The answer is larger than 1000000 bytes.' })
    await site.raw.exchanges[0]?.closed
    const bytes = unpacked.mock.calls.reduce((sum, [chunk]) => sum + (chunk instanceof Uint8Array ? chunk.byteLength : 0), 0)
    expect(bytes).toBeGreaterThan(1_000_000)
    // Of the eight million that one piece would become. What is ahead of the reader is a buffer or two.
    expect(bytes).toBeLessThan(1_500_000)
  })

  it.each(['gzip', 'br'] as const)('of %s may be read in part', async (encoding) => {
    const talk: Talk = (socket) => socket.write(answer('200 OK', headers(encoding), piece[encoding]))
    const fetched = await fetchOf(talk, { maxBytes: 1_000_000, truncate: true })
    expect(fetched.body).toHaveLength(1_000_000)
    expect(fetched.isTruncated).toBe(true)
    await site.raw.exchanges[0]?.closed
  })

  it('that unpacks to nothing for ever ends too', async () => {
    const nothing = gzipSync('')
    const fetching = fetchOf(
      (socket) => {
        socket.write(answer('200 OK', headers('gzip')))
        pour(socket, Buffer.concat(Array<Buffer>(500).fill(nothing)))
      },
      { maxBytes: 1_000_000, truncate: true },
    )
    await expect(fetching).rejects.toMatchObject({ code: 'fetch_failed' })
    expect(await site.raw.exchanges[0]?.closed).toBeLessThan(gigabyte)
  })

  it('of ten gigabytes that are not packed is closed once enough has been read', async () => {
    const talk: Talk = (socket) => {
      socket.write(answer('200 OK', [`content-length: ${10 * gigabyte}`]))
      pour(socket, Buffer.alloc(65_536, 'x'))
    }
    const fetched = await fetchOf(talk, { maxBytes: 1_000_000, truncate: true })
    expect(fetched).toMatchObject({ isTruncated: true, body: Buffer.alloc(1_000_000, 'x') })
    expect(await site.raw.exchanges[0]?.closed).toBeLessThan(gigabyte / 10)
    await expect(fetchOf(talk, { maxBytes: 1_000_000 })).rejects.toMatchObject({ code: 'fetch_failed' })
    expect(await site.raw.exchanges[1]?.closed).toBeLessThan(gigabyte / 10)
  })

  function headers(encoding: string): string[] {
    return [`content-encoding: ${encoding}`, 'connection: close']
  }
})

describe('a body that is of no use', () => {
  const endless =
    (head: readonly string[], beginning: string | Uint8Array = ''): Talk =>
    (socket) => {
      socket.write(answer('200 OK', [...head, `content-length: ${10 * 2 ** 30}`], beginning))
      pour(socket, Buffer.alloc(65_536, 'x'))
    }
  const options = { maxBytes: 100_000_000, truncate: true }

  it('is left after its first kilobyte', async () => {
    const asked: unknown[] = []
    const isWanted: FetchOptions['isWanted'] = (type, beginning) => {
      asked.push(type, beginning.length >= 1024, String.fromCharCode(...beginning.subarray(0, 4)))
      return false
    }
    const fetched = await fetchOf(endless(['content-type: image/png'], Buffer.from('PNG!')), { ...options, isWanted })
    expect(asked).toEqual(['image/png', true, expect.stringContaining('PNG')])
    expect(fetched).toMatchObject({ status: 200, contentType: 'image/png', isTruncated: true })
    expect(fetched.body.length).toBeLessThan(1_000_000)
    expect(await site.raw.exchanges[0]?.closed).toBeLessThan(50_000_000)
  })

  it('is judged by what it unpacks to', async () => {
    const bytes = gzipSync(`GIF89a${'x'.repeat(50_000_000)}`)
    const isWanted: FetchOptions['isWanted'] = (_, beginning) => beginning[0] !== 'G'.charCodeAt(0)
    const fetched = await fetchOf((socket) => socket.end(answer('200 OK', ['content-encoding: gzip'], bytes)), {
      ...options,
      isWanted,
    })
    expect(fetched.isTruncated).toBe(true)
    expect(fetched.body.length).toBeLessThan(1_000_000)
  })

  it('is read to its end where it is wanted, and not asked about where it is short', async () => {
    let times = 0
    const isWanted = (): boolean => ++times > 0
    const long = await fetchOf((socket) => socket.end(answer('200 OK', [], Buffer.alloc(5000))), { ...options, isWanted })
    expect(long).toMatchObject({ body: Buffer.alloc(5000), isTruncated: false })
    expect(times).toBe(1)
    const short = await fetchOf((socket) => socket.end(answer('200 OK', [], 'short')), { ...options, isWanted: () => false })
    expect(short).toMatchObject({ body: Buffer.from('short'), isTruncated: false })
  })

  it('is not even begun where it comes with a failure', async () => {
    const talk: Talk = (socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\n\r\n')
      pour(socket, Buffer.alloc(65_536, 'x'))
    }
    const fetched = await fetchOf(talk, { ...options, skipFailures: true })
    expect(fetched).toMatchObject({ status: 404, body: Buffer.alloc(0), isTruncated: true })
    expect(await site.raw.exchanges[0]?.closed).toBeLessThan(50_000_000)
  })
})

describe('the check of a URL', () => {
  it('is asked for the URL and for wherever it redirects, before anything is sent there', async () => {
    const asked: string[] = []
    const talk: Talk = (socket, request) => {
      expect(asked).toHaveLength(site.raw.exchanges.length)
      socket.end(request.includes('/b') ? answer('200 OK', [], 'b') : answer('302 Found', [`location: ${site.url}/b#c`]))
    }
    await fetchOf(talk, { check: ({ href }) => void asked.push(href) })
    expect(asked).toEqual([`${site.url}/`, `${site.url}/b#c`])
  })

  it.each([0, 1])('ends the fetch with what it throws, after %i redirects', async (redirects) => {
    const why = new Error('not there')
    const talk: Talk = (socket) => socket.end(answer('302 Found', ['location: /away']))
    let left = redirects
    const check = (): void => {
      if (left-- === 0) throw why
    }
    await expect(fetchOf(talk, { check })).rejects.toBe(why)
    expect(site.raw.exchanges).toHaveLength(redirects)
  })
})

function fetchOf(talk: Talk, options: Partial<FetchOptions> = {}): Promise<Fetched> {
  site.raw.talk = talk
  const usual = { signal: new AbortController().signal, maxBytes: 10_000, timeoutMs: 10_000, redirects: 3 }
  return site.fetch(`${site.url}/`, { ...usual, ...options })
}
