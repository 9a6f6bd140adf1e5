import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../api/clock.ts'
import type { pageReader } from '../../../plugins/pages/read.ts'
import type { openReaders, Readers } from '../../../plugins/pages/threads.ts'
import type { Page, PageOptions } from '../../../tools/tool.ts'
import { buildBefore } from '../../built.ts'
import { ManualClock } from '../../manual-clock.ts'
import { answer, drip, pour, type Talk } from '../../raw-upstream.ts'
import { until } from '../../until.ts'
import { type Site, startSite } from '../../upstreams/site.ts'
import { lineOf, pdfOf } from './pdf.ts'

/**
 * What may come of a URL that a model names, over real connections and read by what is built, because only that has threads: whatever
 * it is, it ends soon, costs little, and says what is wrong with it.
 */
buildBefore()

interface Built {
  readonly openReaders: typeof openReaders
  readonly pageReader: typeof pageReader
}

let built: Built
let readers: Readers
let site: Site
beforeAll(async () => {
  const folder = '../../../dist/plugins/pages/'
  const threads: Pick<Built, 'openReaders'> = await import(new URL(`${folder}threads.js`, import.meta.url).href)
  const reading: Pick<Built, 'pageReader'> = await import(new URL(`${folder}read.js`, import.meta.url).href)
  built = { ...threads, ...reading }
  readers = built.openReaders(systemClock)
})
afterAll(() => readers.close())
beforeEach(async () => {
  site = await startSite((socket) => socket.end(answer('200 OK', ['content-type: text/html'], '<p>words')))
})
afterEach(() => site.close())

interface Given extends Partial<PageOptions> {
  readonly signal?: AbortSignal
  readonly url?: string
}

function read(talk: Talk, { signal = new AbortController().signal, url = `${site.url}/`, ...given }: Given = {}): Promise<Page> {
  site.raw.talk = talk
  const options: PageOptions = { maxBytes: 5_000_000, maxCharacters: 1000, check: () => undefined, ...given }
  return built.pageReader(site.fetch, readers)(url, options, { who: 'somebody', signal, timeoutMs: 20_000 })
}

const html = (text: string | Uint8Array): Talk => {
  return (socket) => socket.end(answer('200 OK', ['content-type: text/html'], text))
}
const pdf = (bytes: Uint8Array): Talk => {
  return (socket) => socket.end(answer('200 OK', ['content-type: application/pdf'], bytes))
}

describe('a page that costs much to fetch', () => {
  it('has ten gigabytes: its beginning is read', async () => {
    const page = await read((socket) => {
      socket.write(answer('200 OK', ['content-type: text/html', `content-length: ${10 * 2 ** 30}`]))
      pour(socket, Buffer.from('<p>More and more words of it.</p>\n'.repeat(2000)))
    })
    expect(page).toMatchObject({ isPartial: true, text: expect.stringMatching(/^More and more words of it\.\n\n/) })
    expect(await site.raw.exchanges[0]?.closed).toBeLessThan(100_000_000)
  })

  it('has ten gigabytes of PDF', async () => {
    const reading = read((socket) => {
      socket.write(answer('200 OK', ['content-type: application/pdf', `content-length: ${10 * 2 ** 30}`], '%PDF-1.7\n'))
      pour(socket, Buffer.alloc(65_536, 'x'))
    })
    await expect(reading).rejects.toMatchObject({ name: 'ToolError', message: expect.stringContaining('too large') })
  })

  it.each([
    ['gzip', gzipSync(Buffer.alloc(200_000_000, '<p>x'))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000, '<p>x'))],
  ])('is a bomb of %s: its beginning is read', async (encoding, bytes) => {
    const page = await read((socket) => {
      socket.end(answer('200 OK', ['content-type: text/html', `content-encoding: ${encoding}`], bytes))
    })
    expect(page).toMatchObject({ isPartial: true, text: expect.stringMatching(/^x\n\nx/) })
  })

  it('is a bomb in a bomb', async () => {
    const bytes = gzipSync(gzipSync(Buffer.alloc(50_000_000)))
    const reading = read((socket) => socket.end(answer('200 OK', ['content-encoding: gzip, gzip'], bytes)))
    await expect(reading).rejects.toMatchObject({ code: 'fetch_failed' })
    const once = await read((socket) =>
      socket.end(answer('200 OK', ['content-type: text/html', 'content-encoding: gzip'], bytes)),
    ).catch((error: unknown) => error)
    expect(once).toMatchObject({ name: 'ToolError', message: expect.stringContaining('binary data') })
  })

  it.each([
    ['a picture', '200 OK', 'image/png', 'The URL leads to image/png, which cannot be read as text.'],
    ['an archive that is called a page', '200 OK', 'text/html', 'The URL leads to binary data, which cannot be read as text.'],
    ['a page about what is missing', '404 Not Found', 'text/html', 'The URL answers with HTTP 404.'],
  ])('is %s: no more of it is read than tells so', async (_, status, type, message) => {
    const reading = read(
      (socket) => {
        socket.write(answer(status, [`content-type: ${type}`, `content-length: ${10 * 2 ** 30}`], 'PK\x03\x04\0'))
        pour(socket, Buffer.alloc(65_536, 'x'))
      },
      // So much that it would take longer than tests do.
      { maxBytes: 10 * 2 ** 30 },
    )
    await expect(reading).rejects.toMatchObject({ name: 'ToolError', message })
    expect(await site.raw.exchanges[0]?.closed).toBeLessThan(50_000_000)
  })

  it('redirects for ever', async () => {
    let hops = 0
    const reading = read((socket) => socket.end(answer('302 Found', [`location: /${hops++}`])))
    await expect(reading).rejects.toMatchObject({ message: 'The URL redirects too often.' })
    expect(hops).toBeLessThan(10)
  })

  it('drips until the time is over', async () => {
    const clock = new ManualClock()
    const slow = await startSite((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n')
      drip(socket, Buffer.alloc(100_000, 'x'), 1)
      clock.advance(20_000)
    }, clock)
    try {
      const call = { who: 'somebody', signal: new AbortController().signal, timeoutMs: 20_000 }
      const options = { maxBytes: 1_000_000, maxCharacters: 1000, check: () => undefined }
      const reading = built.pageReader(slow.fetch, readers)(`${slow.url}/`, options, call)
      await expect(reading).rejects.toMatchObject({ code: 'fetch_timeout' })
      await slow.raw.exchanges[0]?.closed
    } finally {
      await slow.close()
    }
  })

  it.each([
    ['promises more than it sends', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<p>words'],
    ['breaks off between chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<p>wo\r\n'],
    ['is no HTTP', '<p>words'],
  ])('%s', async (_, bytes) => {
    await expect(read((socket) => socket.end(bytes))).rejects.toMatchObject({ code: 'fetch_failed' })
  })
})

describe('a page that is not where it may be', () => {
  const port = () => new URL(site.url).port

  it.each([
    '127.0.0.2',
    '2130706434',
    '0x7f.0.0.2',
    '[::1]',
    '[::ffff:127.0.0.2]',
    '10.0.0.1',
    '169.254.169.254',
    'private.test',
  ])('stands on http://%s, be it behind a redirect', async (host) => {
    const away = `http://${host}:${port()}/`
    await expect(read(html('secret'), { url: away })).rejects.toMatchObject({ code: 'address_not_allowed' })
    const reading = read((socket) => socket.end(answer('302 Found', [`location: ${away}`])))
    await expect(reading).rejects.toMatchObject({ code: 'address_not_allowed' })
    expect(site.raw.exchanges).toHaveLength(1)
  })

  it.each(['404 Not Found', '410 Gone', '500 Internal Server Error', '403 Forbidden'])('is not there: %s', async (status) => {
    const reading = read((socket) => socket.end(answer(status, ['content-type: text/html'], '<p>An error page.')))
    await expect(reading).rejects.toMatchObject({
      name: 'ToolError',
      message: `The URL answers with HTTP ${status.slice(0, 3)}.`,
    })
  })

  it.each(['200 OK', '204 No Content'])('is empty: %s', async (status) => {
    const reading = read((socket) => socket.end(answer(status, ['content-type: text/html'])))
    await expect(reading).rejects.toMatchObject({ name: 'ToolError', message: expect.stringContaining('empty') })
  })
})

describe('a page that costs much to read', () => {
  it.each<[string, string]>([
    ['5 MB of <b>', '<b>'.repeat(1_700_000)],
    ['elements that never close', '<p>a<div><b>a'.repeat(100_000)],
    ['nesting', `${'<div>'.repeat(30_000)}deep${'</div>'.repeat(30_000)}`],
    ['lists in lists', '<ul><li>a'.repeat(20_000)],
    ['tables in tables', '<table><tr><td>'.repeat(15_000)],
    ['a table of many rows', `<table>${'<tr><td>a</td><td>b</td></tr>'.repeat(15_000)}</table>`],
    ['spaces', `<p>${' '.repeat(4_000_000)}x`],
    ['spaces and lines', `<pre>${' '.repeat(500_000)}${'x\n'.repeat(500_000)}</pre>`],
    ['entities', '&amp;'.repeat(900_000)],
    ['tags that never begin', '<'.repeat(4_000_000)],
    ['tags that never end', '<a'.repeat(2_000_000)],
    ['scripts that never end', '<script>'.repeat(500_000)],
    ['comments that never end', '<!--'.repeat(1_000_000)],
    ['formatting that crosses', '<b><i><u><a href=x>x</b>'.repeat(9000)],
    ['signs that Markdown knows', '* _ [ ` '.repeat(400_000)],
  ])('is made of %s', async (_, text) => {
    // Either it is read or it is said why not; what counts is that it ends, and that others are read after it.
    const outcome = await read(html(text)).then(
      (page) => page.text.length,
      (error: { readonly name: string }) => error.name,
    )
    if (typeof outcome === 'string') expect(outcome).toBe('ToolError')
    else expect(outcome).toBeLessThanOrEqual(1000)
    expect((await read(html('<p>words'))).text).toBe('words')
  })

  it('has more attributes than a thread has memory for, which costs that thread alone', async () => {
    const attributes = Array.from({ length: 600_000 }, (_, index) => index.toString(36)).join(' ')
    const reading = read(html(`<p ${attributes}>x`))
    await expect(reading).rejects.toMatchObject({ name: 'ToolError', message: expect.stringMatching(/memory|in time/) })
    expect((await read(html('<p>words'))).text).toBe('words')
  })

  it('is a PDF that unpacks to far too much', async () => {
    // On a clock that stands still: on a busy machine the reader's own deadline would come before all that it may unpack is unpacked.
    const untimed = built.openReaders(new ManualClock())
    try {
      const bytes = pdfOf([deflateSync(Buffer.alloc(80_000_000, ' '), { level: 1 })], { filter: '/FlateDecode' })
      const task = { bytes, contentType: 'application/pdf', url: site.url, isTruncated: false, maxCharacters: 1000 }
      const read = await untimed.read(task, { who: 'somebody', signal: new AbortController().signal })
      expect(read).toMatchObject({ problem: expect.stringContaining('broken') })
    } finally {
      await untimed.close()
    }
  }, 60_000)

  it('is a PDF that says the same for ever', async () => {
    const again = Buffer.concat(Array<Buffer>(500_000).fill(lineOf('Again.')))
    const page = await read(pdf(pdfOf([deflateSync(again)], { filter: '/FlateDecode' })))
    expect(page).toMatchObject({ isPartial: true, text: expect.stringMatching(/^Again\.Again/) })
  })
})

describe('the threads that read', () => {
  const endless = deflateSync(Buffer.alloc(30_000_000, 'q '))

  it('end what takes too long', async () => {
    const clock = new ManualClock()
    const timed = built.openReaders(clock)
    try {
      const bytes = pdfOf([endless], { filter: '/FlateDecode' })
      const task = { bytes, contentType: 'application/pdf', url: site.url, isTruncated: false, maxCharacters: 1000 }
      const reading = timed.read(task, { who: 'somebody', signal: new AbortController().signal })
      await until(async () => clock.waiting > 0)
      clock.advance(60_000)
      await expect(reading).rejects.toMatchObject({ name: 'ToolError', message: expect.stringContaining('in time') })
      expect(clock.waiting).toBe(0)
    } finally {
      await timed.close()
    }
  })

  it('end what nobody waits for', async () => {
    const controller = new AbortController()
    const reason = new Error('gone')
    const task = { contentType: 'application/pdf', url: site.url, isTruncated: false, maxCharacters: 1000 }
    const reading = readers.read(
      { ...task, bytes: pdfOf([endless], { filter: '/FlateDecode' }) },
      { who: 'somebody', signal: controller.signal },
    )
    controller.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await expect(readers.read({ ...task, bytes: pdfOf([]) }, { who: 'somebody', signal: controller.signal })).rejects.toBe(reason)
    expect((await read(html('<p>words'))).text).toBe('words')
  })

  it('turn away what would wait too long', async () => {
    const task = { contentType: 'text/html', url: site.url, isTruncated: false, maxCharacters: 1000 }
    const bytes = Buffer.from(`<p>${'words '.repeat(1000)}`)
    const reading = Array.from({ length: 200 }, () =>
      readers.read({ ...task, bytes }, { who: 'somebody', signal: new AbortController().signal }),
    )
    const outcomes = await Promise.allSettled(reading)
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(200)
    expect(refused[0]).toMatchObject({ reason: { name: 'ToolError', message: expect.stringContaining('Too many pages') } })
  })

  it('do not keep the process from going on', async () => {
    let turns = 0
    let isRead = false
    const turn = (): void => {
      turns++
      if (!isRead) setImmediate(turn)
    }
    turn()
    await read(html(`<p>${'words, and more. '.repeat(10)}</p>`.repeat(5000)))
    isRead = true
    expect(turns).toBeGreaterThan(100)
  })
})
