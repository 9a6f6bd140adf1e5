import { expect, it, onTestFinished } from 'vitest'
import { banner } from '../../cli/banner.ts'
import { lookForOllama } from '../../cli/ollama.ts'
import { loadConfig } from '../../config.ts'
import { startGateway } from '../gateway.ts'
import { ManualClock } from '../manual-clock.ts'
import { type Behaviour, htmlPage, json, redirect, reply, silence } from '../upstreams/behaviour.ts'
import { closedPort, startUpstream, type Upstream } from '../upstreams/upstream.ts'

async function serverThat(behaviour: Behaviour): Promise<Upstream> {
  const upstream = await startUpstream(behaviour)
  onTestFinished(() => upstream.close())
  return upstream
}

const tags = json({ models: [{ name: 'qwen3:8b' }, { name: 'gpt-oss:20b', size: 5 }, 'what?'] })

it('that runs on its usual port is found', async () => {
  const { url } = await serverThat(tags)
  expect(await lookForOllama(await loadConfig({}), undefined, url)).toEqual({
    providerId: undefined,
    models: ['qwen3:8b', 'gpt-oss:20b'],
  })
})

it('that is a provider is asked where it is', async () => {
  const { url } = await serverThat(tags)
  const config = await loadConfig({ VAI_PROVIDERS: 'ollama', VAI_OLLAMA_BASE_URL: `${url}/v1` })
  expect(await lookForOllama(config, undefined, await closedPort())).toMatchObject({
    providerId: 'ollama',
    models: { length: 2 },
  })
})

it.each([
  ['a page', htmlPage(200)],
  ['a page of an error', htmlPage(502)],
  ['JSON of something else', json({ data: [] })],
  ['no JSON', reply('{', { headers: { 'content-type': 'application/json' } })],
  ['another address', redirect('http://127.0.0.1:1/')],
])('is not what answers with %s', async (_, behaviour) => {
  const { url } = await serverThat(behaviour)
  expect(await lookForOllama(await loadConfig({}), undefined, url)).toBeUndefined()
})

it('is not there where nobody answers, and is not waited for longer than 1 s', async () => {
  expect(await lookForOllama(await loadConfig({}), undefined, await closedPort())).toBeUndefined()
  const { url } = await serverThat(silence)
  const clock = new ManualClock()
  const found = lookForOllama(await loadConfig({}), clock, url)
  expect(clock.nextInMs).toBe(1000)
  clock.advance(1000)
  expect(await found).toBeUndefined()
  expect(clock.waiting).toBe(0)
})

it('is not looked for where that is turned off', async () => {
  const { url, requests } = await serverThat(tags)
  expect(await lookForOllama(await loadConfig({ VAI_OLLAMA_DETECT: 'false' }), undefined, url)).toBeUndefined()
  expect(requests).toEqual([])
})

it('is offered with what to type', async () => {
  const env = { VAI_PROVIDERS: 'deepseek' }
  const gateway = await startGateway({ env })
  onTestFinished(() => gateway.close())
  const config = await loadConfig(env)
  const offered = (models: readonly string[]): string => banner(gateway.app, config, '0', { providerId: undefined, models })
  expect(offered(['qwen3:8b', 'gemma'])).toContain(
    'Ollama runs on this machine with 2 models. To use it, set VAI_PROVIDERS=deepseek,ollama; then call ollama/qwen3:8b\n',
  )
  expect(offered(['qwen3:8b'])).toContain('with 1 model. ')
  expect(offered([])).toMatch(/with 0 models\. To use it, set VAI_PROVIDERS=deepseek,ollama$/m)
  expect(banner(gateway.app, config, '0')).not.toContain('Ollama')
})
