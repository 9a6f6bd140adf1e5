import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttp2, createSecureServer } from 'node:http2'
import { type AddressInfo, connect, createServer as createTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import { google } from '../../../providers/google/index.ts'
import type { TtsEvent } from '../../../providers/speech.ts'
import { missing, titled } from '../../programs.ts'
import { collected, speechCall } from '../../speech-call.ts'
import { type GoogleTts, googleKey, refused, type Step, startGoogleTts } from '../../upstreams/google-tts.ts'
import { refusal } from '../../upstreams/google-tts-rules.ts'
import { closedPort } from '../../upstreams/upstream.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

const noOpenssl = missing('openssl')

describe('a status of Google', () => {
  it.each<[keyof typeof status, string, number, string]>([
    ['UNAUTHENTICATED', 'provider_authentication', 401, 'none'],
    ['PERMISSION_DENIED', 'provider_permission', 403, 'none'],
    ['NOT_FOUND', 'provider_not_found', 404, 'none'],
    ['INVALID_ARGUMENT', 'provider_rejected', 400, 'none'],
    ['FAILED_PRECONDITION', 'provider_rejected', 400, 'none'],
    ['RESOURCE_EXHAUSTED', 'provider_rate_limit', 429, 'again'],
    ['UNAVAILABLE', 'provider_overloaded', 529, 'again'],
    ['DEADLINE_EXCEEDED', 'provider_timeout', 504, 'again'],
    ['ABORTED', 'provider_error', 502, 'again'],
    ['INTERNAL', 'provider_error', 502, 'again'],
    ['UNKNOWN', 'provider_error', 502, 'again'],
    ['CANCELLED', 'provider_disconnected', 502, 'again'],
    ['UNIMPLEMENTED', 'provider_protocol', 502, 'elsewhere'],
  ])('%s becomes %s, for a stream and for a whole', async (name, code, httpStatus, recovery) => {
    const details = `It says ${name} of ${googleKey}.`
    const { url } = await server([refused(status[name], details)])
    for (const voice of ['Kore', 'en-US-Standard-A']) {
      const error = await spoken(url, voice).catch((error: unknown) => error)
      expect(error).toMatchObject({
        code,
        status: httpStatus,
        recovery,
        message: `Google Cloud: It says ${name} of [redacted].`,
        providerError: { provider: 'google', body: { status: name } },
      })
      expect(JSON.stringify(error)).not.toContain(googleKey)
    }
  })

  it('tells when to come again', async () => {
    const value = Buffer.from([0x0a, 0x08, 0x08, 0xac, 0x02, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01])
    value[1] = value.length - 2
    const tired = refusal(status.RESOURCE_EXHAUSTED, 'Quota exceeded.', { type: 'RetryInfo', value })
    const { url } = await server([{ type: 'refuse', refusal: tired }])
    await expect(spoken(url)).rejects.toMatchObject({ code: 'provider_rate_limit', retryAfter: 300.5 })
  })

  it('is told without its details where they cannot be read', async () => {
    const odd = refusal(status.RESOURCE_EXHAUSTED, 'Quota exceeded.')
    odd.metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]))
    const { url } = await server([{ type: 'refuse', refusal: odd }])
    await expect(spoken(url)).rejects.toMatchObject({ code: 'provider_rate_limit', retryAfter: undefined })
  })

  it('comes after the sound that came before it', async () => {
    const { url } = await server([refused(status.INTERNAL, 'Internal error encountered.', 2)])
    const heard: TtsEvent[] = []
    await expect(
      (async () => {
        for await (const event of events(url)) heard.push(event)
      })(),
    ).rejects.toMatchObject({ code: 'provider_error' })
    expect(heard.length).toBeLessThanOrEqual(2)
  })
})

describe('a connection', () => {
  it('that is refused is told as such', async () => {
    const url = await closedPort()
    await expect(spoken(url)).rejects.toMatchObject({ code: 'provider_unreachable', recovery: 'again' })
  })

  it('to a name that is none is told as such', async () => {
    await expect(spoken('http://no-such-host.invalid')).rejects.toMatchObject({ code: 'provider_unreachable' })
  })

  it('that breaks in the middle is told as such', async () => {
    const { port } = await server([{ type: 'silent', after: 1 }])
    const ends: Socket[] = []
    const between = createTcp((near) => {
      const far = connect(port, '127.0.0.1')
      for (const end of [near, far]) end.on('error', () => undefined)
      ends.push(near, far)
      near.pipe(far).pipe(near)
    })
    const all = events(await listening(between))[Symbol.asyncIterator]()
    await all.next()
    const rest = all.next()
    for (const end of ends) end.destroy()
    await expect(rest).rejects.toMatchObject({ code: 'provider_disconnected', recovery: 'again' })
  })

  it('to a server that shuts down is told as such', async () => {
    const running = await server([{ type: 'silent', after: 1 }])
    const all = events(running.url)[Symbol.asyncIterator]()
    await all.next()
    const rest = all.next()
    running.close()
    await expect(rest).rejects.toMatchObject({ code: 'provider_disconnected', recovery: 'again' })
  })

  it('to a server that answers with a page is told as such', async () => {
    const http2 = createHttp2((_, response) => {
      response.writeHead(404, { 'content-type': 'text/html' })
      response.end('<!DOCTYPE html><html>not found</html>')
    })
    await expect(spoken(await listening(http2))).rejects.toMatchObject({ code: 'provider_not_found', status: 404 })
  })

  it('to a server that answers well, but with a page, is told as such', async () => {
    const http2 = createHttp2((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<!DOCTYPE html><html>welcome</html>')
    })
    await expect(spoken(await listening(http2))).rejects.toMatchObject({ code: 'provider_protocol' })
  })

  it.skipIf(noOpenssl)(titled('to a server whose certificate nobody vouches for is told as such', noOpenssl), async () => {
    const url = (await listening(createSecureServer(selfSigned()))).replace('http://127.0.0.1', 'https://localhost')
    await expect(spoken(url)).rejects.toMatchObject({ code: 'provider_untrusted', recovery: 'elsewhere' })
  })

  it.each<[string, () => Listener]>([
    ['speaks HTTP/1.1 alone', () => createHttp((_, response) => response.end('hello'))],
    ['speaks no HTTP', () => createTcp((socket) => socket.end('220 mail ready\r\n'))],
    ['hangs up', () => createTcp((socket) => socket.destroy())],
  ])('to a server that %s fails soon', async (_, create) => {
    await expect(spoken(await listening(create()))).rejects.toMatchObject({ type: 'provider_error' })
  })

  it('that shows nothing is not used again', async () => {
    let connections = 0
    const silent = createTcp((socket) => {
      connections++
      socket.on('error', () => undefined)
      socket.resume()
    })
    const url = await listening(silent)
    const timeouts = { firstByteMs: 50, idleMs: 50 }
    for (const _ of [1, 2])
      await expect(collected(events(url, 'Kore', timeouts))).rejects.toMatchObject({ code: 'provider_timeout' })
    expect(connections).toBe(2)
  })
})

async function server(steps: readonly [Step, ...Step[]]): Promise<GoogleTts> {
  const running = await startGoogleTts({ steps })
  open.push(running)
  return running
}

function spoken(url: string, voice = 'Kore'): Promise<TtsEvent[]> {
  return collected(events(url, voice))
}

function events(url: string, voice = 'Kore', timeouts = { firstByteMs: 5000, idleMs: 5000 }): AsyncIterable<TtsEvent> {
  const { tts } = google
  if (!tts) throw new Error('it speaks')
  const test = speechCall(url, googleKey, tts.about?.(voice).model ?? 'chirp-3-hd', { timeouts })
  open.push(test)
  return tts.synthesize('Hello, my dear friend.', { voice, format: { encoding: 'pcm', rate: 24_000 } }, test.call)
}

interface Listener {
  listen(port: number, host: string, listening: () => void): unknown
  address(): string | AddressInfo | null
  close(): unknown
}

async function listening(server: Listener): Promise<string> {
  open.push({ close: () => void server.close() })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'vai-google-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
    spawnSync('openssl', ['req', '-x509', ...curve, '-out', cert, '-days', '2', '-subj', '/CN=localhost'])
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
