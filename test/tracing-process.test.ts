import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type Collector, startCollector } from './collector.ts'
import { messageStart } from './message-frames.ts'
import { startServer } from './process.ts'
import { request } from './raw-http.ts'
import { endless, silence } from './upstreams/behaviour.ts'
import { startUpstream } from './upstreams/upstream.ts'

/** Traces of the built server, with the variables that OpenTelemetry has for them. */

const running: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

const secret = 'q7f2-key-of-the-collector'

/** One request, and then the end of the process. */
async function served(env: Record<string, string>): Promise<{ output: string; status: number | null }> {
  const server = await startServer({ VAI_LOG_LEVEL: 'trace', ...env })
  running.push(server)
  const body = JSON.stringify({ model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] })
  await (
    await fetch(`${server.url}/v1/messages`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  ).text()
  await server.saw(/"msg":"request"/)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  server.signal('SIGTERM')
  const status = await server.ended
  return { output: server.output() + server.errors() + metrics, status }
}

async function collect(): Promise<Collector> {
  const collector = await startCollector()
  running.push(collector)
  return collector
}

describe('a process', () => {
  it("sends its traces where OpenTelemetry's variables say, before it ends, and does not show the collector's key", async () => {
    const collector = await collect()
    const { output, status } = await served({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/prefix`,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret}`,
      OTEL_SERVICE_NAME: 'edge',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    })
    expect(status).toBe(0)
    expect(collector.requests[0]).toMatchObject({ path: '/prefix/v1/traces', headers: { authorization: secret } })
    expect(collector.spans().map(({ name }) => name)).toEqual(['chat echo', 'POST /v1/messages'])
    expect(collector.spans()[0]?.resource).toMatchObject({ 'service.name': 'edge', 'deployment.environment.name': 'test' })
    expect(output).not.toContain(secret)
  })

  it.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])('makes none with %j', async (env) => {
    const collector = await collect()
    await served({ VAI_OTLP_ENDPOINT: collector.url, ...env })
    expect(collector.requests).toEqual([])
  })

  it('ends in time, and well, where a caller does not read and the collector does not answer', async () => {
    const frame = `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${'x'.repeat(1000)}"}}\n\n`
    const headers = { 'content-type': 'text/event-stream' }
    const upstream = await startUpstream(endless(frame, { head: messageStart, headers }))
    const collector = await startUpstream(silence)
    const server = await startServer({
      VAI_ANTHROPIC_BASE_URL: upstream.url,
      ANTHROPIC_API_KEY: 'sk-test-anthropic',
      VAI_OTLP_ENDPOINT: collector.url,
      VAI_DRAIN_MS: '0',
    })
    const { hostname, port } = new URL(server.url)
    const caller = connect(Number(port), hostname)
    running.push(upstream, collector, server, { close: async () => caller.destroy() })
    const body = JSON.stringify({
      model: 'anthropic/any',
      max_tokens: 9,
      stream: true,
      messages: [{ role: 'user', content: 'Go' }],
    })
    caller.on('error', () => caller.destroy()).pause()
    caller.write(request('POST /v1/messages', ['content-type: application/json'], body))
    await upstream.waitForBackpressure()
    server.signal('SIGTERM')
    expect(await server.ended).toBe(0)
    expect(collector.requests).toHaveLength(1)
  })

  it('leaves the choice of requests to OTEL_TRACES_SAMPLER', async () => {
    const collector = await collect()
    await served({ VAI_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER: 'always_off' })
    expect(collector.requests).toEqual([])
  })

  it('does not load the SDK of OpenTelemetry where nobody takes traces', () => {
    const script = `
      import { createRequire } from 'node:module'
      import { buildApp, loadConfig } from './dist/app.js'
      const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('@opentelemetry/sdk')).length
      const options = { operatorKeys: new Map(), version: '0', contract: new URL('file:///openapi.yaml') }
      const app = await buildApp(await loadConfig({ VAI_LOG_LEVEL: 'silent', ...JSON.parse(process.argv[1]) }), options)
      await app.ready()
      console.log(loaded())
      await app.close()`
    const loadedWith = (env: object): number =>
      Number(
        execFileSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(env)], {
          cwd: fileURLToPath(new URL('..', import.meta.url)),
          env: { PATH: process.env.PATH },
        }),
      )
    expect(loadedWith({})).toBe(0)
    expect(loadedWith({ VAI_OTLP_ENDPOINT: 'http://127.0.0.1:9' })).toBeGreaterThan(0)
  })
})
