import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../api/clock.ts'
import { GatewayError } from '../../../api/error.ts'
import { publicDialer } from '../../../plugins/egress/dialer.ts'
import { type Fetched, type FetchOptions, fetchPublic } from '../../../plugins/egress/fetch.ts'
import { specialRangeOf } from '../../../plugins/egress/ranges.ts'
import { startGateway } from '../../gateway.ts'
import { ManualClock } from '../../manual-clock.ts'
import { type RawUpstream, startRawUpstream } from '../../raw-upstream.ts'

let site: RawUpstream
let port: string

beforeEach(async () => {
  site = await startRawUpstream((socket, request) => {
    const path = request.split(' ')[1] ?? ''
    socket.end(pages[path] ?? answer('404 Not Found', [], 'nothing here'))
  })
  port = new URL(site.url).port
})
afterEach(() => site.close())

describe('fetching what a caller named', () => {
  it('gives what the server has', async () => {
    const fetched = await get('/page')
    expect(fetched).toMatchObject({ status: 200, contentType: 'text/html; charset=utf-8' })
    expect(fetched.body.toString()).toBe('<p>hello</p>')
    expect(fetched.url.href).toBe(`http://site.test:${port}/page`)
  })

  it('gives an answer of another status as it is', async () => {
    expect(await get('/missing')).toMatchObject({ status: 404, contentType: undefined })
  })

  it('sends nothing of its own but what it must', async () => {
    await get('/page')
    const [, ...lines] = (site.exchanges[0]?.request ?? '').trim().split('\r\n')
    expect(lines.map((line) => line.split(':')[0]?.toLowerCase()).sort()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ])
  })

  it('keeps no connection', async () => {
    site.talk = (socket) => void socket.write(answer('200 OK', ['connection: keep-alive'], 'kept'))
    expect((await get('/kept')).body.toString()).toBe('kept')
    expect(site.exchanges[0]?.request.toLowerCase()).toContain('connection: close')
    await site.exchanges[0]?.closed
  })

  it('follows redirects, to other names as well, and carries nothing along', async () => {
    pages['/elsewhere'] = answer('302 Found', [`location: http://other.test:${port}/page`, 'set-cookie: session=1'])
    const fetched = await get('/elsewhere')
    expect(fetched).toMatchObject({ status: 200 })
    expect(fetched.url.href).toBe(`http://other.test:${port}/page`)
    expect(site.exchanges.map(({ request }) => request.includes('cookie') || request.includes('referer'))).toEqual([false, false])
  })

  it.each(['301 Moved Permanently', '302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent Redirect'])(
    'follows a %s',
    async (status) => {
      pages['/moved'] = answer(status, ['location: page?x=1#there'])
      pages['/page?x=1'] = answer('200 OK', [], 'moved')
      expect((await get('/moved')).body.toString()).toBe('moved')
    },
  )

  it.each([
    ['a special address', '//127.0.0.2:1/', 'address_not_allowed'],
    ['one in decimal', '//2130706434:1/', 'address_not_allowed'],
    ['a mapped one', '//[::ffff:127.0.0.2]:1/', 'address_not_allowed'],
    ['a name that stands for one', '//private.test/', 'address_not_allowed'],
    ['the machine of the cloud', 'http://169.254.169.254/latest/meta-data/', 'address_not_allowed'],
    ['a file', 'file:///etc/passwd', 'url_not_allowed'],
    ['a URL with a user', 'http://user:secret@site.test/', 'url_not_allowed'],
    ['nothing that is a URL', 'http://[', 'url_not_allowed'],
  ] as const)('does not follow a redirect to %s', async (_, location, code) => {
    pages['/away'] = answer('302 Found', [`location: ${location}`])
    expect((await failure('/away')).code).toBe(code)
    expect(site.exchanges).toHaveLength(1)
  })

  it('gives up where redirects go round', async () => {
    pages['/a'] = answer('302 Found', ['location: /b'])
    pages['/b'] = answer('302 Found', ['location: /a'])
    expect(await failure('/a')).toMatchObject({ code: 'fetch_failed', message: 'The URL redirects too often.' })
    expect(site.exchanges).toHaveLength(4)
  })

  it.each([
    'file:///etc/passwd',
    'ftp://site.test/',
    'gopher://site.test/',
    'data:text/plain,hello',
    'javascript:1',
    'ws://site.test/',
    'site.test',
    '',
    'http://user@site.test/',
    'http://:secret@site.test/',
  ])('does not fetch %j', async (url) => {
    expect((await failureOfURL(url)).code).toBe('url_not_allowed')
  })

  it.each([
    ['says so', answer('200 OK', ['content-length: 1025'], 'x'.repeat(1025))],
    ['does not say so', `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(1025)}`],
  ])('reads no body that is too large and %s', async (_, page) => {
    pages['/large'] = page
    expect(await failure('/large')).toMatchObject({ code: 'fetch_failed', message: 'The answer is larger than 1024 bytes.' })
  })

  it('reads a body that is as large as it may be', async () => {
    pages['/full'] = answer('200 OK', [], 'x'.repeat(1024))
    expect((await get('/full')).body).toHaveLength(1024)
  })

  it.each<[string, string]>([
    ['is no HTTP', 'hello\r\n\r\n'],
    ['breaks off', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'],
    ['never comes', ''],
  ])('fails where the answer %s', async (_, page) => {
    pages['/broken'] = page
    expect((await failure('/broken')).code).toBe('fetch_failed')
  })

  it.each([
    ['before the answer', ''],
    ['in the middle of it', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'],
    ['in the middle of redirects', answer('302 Found', ['location: /silent'])],
  ])('ends when the time is over: %s', async (_, beginning) => {
    const clock = new ManualClock()
    site.talk = (socket, request) => {
      if (request.includes('/silent')) clock.advance(1000)
      else socket.write(beginning, () => beginning.includes('302') || clock.advance(1000))
    }
    expect((await failure('/slow', { clock })).code).toBe('fetch_timeout')
    expect(clock.waiting).toBe(0)
    await site.exchanges[0]?.closed
  })

  it('ends when the caller leaves, and closes the connection', async () => {
    const controller = new AbortController()
    const reason = new Error('gone')
    site.talk = () => controller.abort(reason)
    await expect(get('/page', { signal: controller.signal })).rejects.toBe(reason)
    await site.exchanges[0]?.closed
    await expect(get('/page', { signal: controller.signal })).rejects.toBe(reason)
    expect(site.exchanges).toHaveLength(1)
  })
})

describe('the egress of a gateway', () => {
  it('fetches nothing from its own machine', async () => {
    const gateway = await startGateway()
    try {
      const options = { signal: new AbortController().signal, maxBytes: 1024, timeoutMs: 1000, redirects: 3 }
      const fetching = gateway.app.egress.fetchPublic(`${gateway.url}/healthz`, options)
      await expect(fetching).rejects.toMatchObject({ code: 'address_not_allowed', status: 403 })
      await expect(gateway.app.egress.fetchPublic(site.url, options)).rejects.toMatchObject({ code: 'address_not_allowed' })
      expect(site.exchanges).toHaveLength(0)
    } finally {
      await gateway.close()
    }
  })
})

const pages: Record<string, string> = {
  '/page': answer('200 OK', ['content-type: text/html; charset=utf-8'], '<p>hello</p>'),
}

function answer(status: string, headers: readonly string[], body = ''): string {
  const length = headers.some((header) => header.startsWith('content-length')) ? [] : [`content-length: ${body.length}`]
  return `${[`HTTP/1.1 ${status}`, ...headers, ...length].join('\r\n')}\r\n\r\n${body}`
}

interface Given {
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

function get(path: string, given: Given = {}): Promise<Fetched> {
  return getURL(`http://site.test:${port}${path}`, given)
}

async function getURL(url: string, { clock = systemClock, signal = new AbortController().signal }: Given = {}): Promise<Fetched> {
  const options: FetchOptions = { signal, maxBytes: 1024, timeoutMs: 1000, redirects: 3 }
  const dispatcher = publicDialer({
    connectMs: 5000,
    lookup: (hostname, _options, callback) => {
      const address = hostname === 'private.test' ? '127.0.0.2' : '127.0.0.1'
      callback(null, [{ address, family: 4 }])
    },
    // The site of the test is on this machine, where nothing may be fetched from otherwise.
    rangeOf: (address) => (address === '127.0.0.1' ? undefined : specialRangeOf(address)),
  })
  try {
    return await fetchPublic(dispatcher, clock, url, options)
  } finally {
    await dispatcher.destroy()
  }
}

function failure(path: string, given: Given = {}): Promise<{ code: string; message: string }> {
  return failureOfURL(`http://site.test:${port}${path}`, given)
}

async function failureOfURL(url: string, given: Given = {}): Promise<{ code: string; message: string }> {
  try {
    await getURL(url, given)
  } catch (error) {
    if (error instanceof GatewayError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('it was fetched')
}
