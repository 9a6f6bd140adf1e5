import { Agent } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../api/clock.ts'
import { type Line, post, readText, send } from '../../providers/http.ts'
import { json } from '../upstreams/behaviour.ts'
import { startUpstream } from '../upstreams/upstream.ts'

async function connect() {
  const upstream = await startUpstream(json({ ok: true }))
  const dispatcher = new Agent()
  onTestFinished(async () => {
    await dispatcher.destroy()
    await upstream.close()
  })
  const line: Line = {
    signal: new AbortController().signal,
    timeouts: { firstByteMs: 30_000, idleMs: 30_000 },
    clock: systemClock,
    baseURL: new URL(`${upstream.url}/root/v1/`),
    dispatcher,
    trace: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  }
  return { upstream, line }
}

describe('an upstream call', () => {
  it('may bring nothing but its address', async () => {
    const { upstream, line } = await connect()
    const response = await send(line, 'someone', { method: 'GET', path: '/search?q=a%20b', headers: { 'x-key': 'sk-test-some' } })
    expect(response).toMatchObject({ provider: 'someone', status: 200 })
    expect(await readText(response, 'Someone', 100)).toBe('{"ok":true}')
    const [request] = upstream.requests
    expect(request).toMatchObject({ method: 'GET', path: '/root/v1/search?q=a%20b', body: '' })
    expect(request?.headers).toMatchObject({ 'x-key': 'sk-test-some', 'accept-encoding': 'identity', ...line.trace })
    expect(request?.headers).not.toHaveProperty('content-type')
    expect(request?.headers).not.toHaveProperty('content-length')
  })

  it('says that what it brings is JSON', async () => {
    const { upstream, line } = await connect()
    await post(line, 'someone', '/search', {}, Buffer.from('{"q":"a"}'))
    const [request] = upstream.requests
    expect(request).toMatchObject({ method: 'POST', path: '/root/v1/search', json: { q: 'a' } })
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '9' })
  })
})
