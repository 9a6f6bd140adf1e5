import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { settings } from '../config.ts'
import { buildBefore } from './built.ts'
import { type Gate, readerOf, startGate } from './gate.ts'
import { envWith, gatewayKey } from './gateway-keys.ts'
import { startProcess, startServer } from './process.ts'
import { refusalIn } from './refusal.ts'
import { json, silence } from './upstreams/behaviour.ts'
import { startUpstream, type Upstream } from './upstreams/upstream.ts'

/** The built server as an operator runs it: its words, its exit codes, and how it ends. */

const key = 'sk-test-anthropic-operator'
const hello = { model: 'demo/echo', messages: [{ role: 'user', content: 'Hello' }] }

const running: { close(): Promise<unknown> | unknown }[] = []

buildBefore()

afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

function file(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url))
}

/** Runs a command to its end. */
async function vai(args: readonly string[], env: Record<string, string> = {}) {
  const process = startProcess(args, env)
  running.push(process)
  const code = await process.ended
  return { code, output: process.output(), errors: process.errors() }
}

async function serve(env: Record<string, string> = {}) {
  const server = await startServer(env)
  running.push(server)
  return server
}

function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
  return fetch(`${url}/v1/messages`, init)
}

describe('the banner', () => {
  it('names the address, the docs, the modes, and the providers that have a key and that have none', async () => {
    const server = await serve({ ANTHROPIC_API_KEY: key })
    const { url } = server
    const output = server.output()
    expect(output).toContain(`${url}/docs`)
    expect(output).toContain('Auth disabled, provider keys hybrid')
    expect(output).toMatch(/^ +anthropic +key set$/m)
    expect(output).toMatch(/^ +openai +no key: set OPENAI_API_KEY, or send X-Provider-Key-OpenAI$/m)
    expect(output).not.toContain(key)
  })

  it('has a command that works as it stands', async () => {
    const server = await serve()
    const command = /^ +(curl .*)$/m.exec(server.output())?.[1] ?? ''
    const { stdout } = await promisify(execFile)('sh', ['-c', command])
    expect(stdout).toContain('event: message_start')
    expect(stdout.trimEnd()).toMatch(/event: message_stop\ndata: .*$/)
  })

  it('has a command that works with a key where one is needed', async () => {
    const caller = gatewayKey('app')
    const server = await serve(envWith([caller]))
    const command = /^ +(curl .*)$/m.exec(server.output())?.[1] ?? ''
    expect(command).toContain('x-api-key: YOUR-GATEWAY-KEY')
    const { stdout } = await promisify(execFile)('sh', ['-c', command.replace('YOUR-GATEWAY-KEY', caller.key)])
    expect(stdout).toContain('event: message_start')
  })
})

describe('providers of the operator', () => {
  it('come from a file and from the environment, and answer', async () => {
    const ollama = await startOllama(['qwen3:8b', 'gpt-oss:20b'])
    const path = yamlFile(
      `providers:\n  ollama:\n    base_url: ${ollama.url}/v1\n  house:\n    base_url: http://127.0.0.1:1/v1\n`,
    )
    const server = await serve({ VAI_CONFIG: path, VAI_PROVIDERS: 'deepseek', DEEPSEEK_API_KEY: 'sk-test-deepseek-0123' })
    const output = server.output()
    expect(output).toMatch(/^ +ollama +needs no key, 2 models$/m)
    expect(output).toMatch(/^ +house +no key: set HOUSE_API_KEY, or send X-Provider-Key-House$/m)
    expect(output).toMatch(/^ +deepseek +key set$/m)
    expect(output).not.toContain('sk-test-deepseek-0123')
    const response = await post(server.url, { ...hello, model: 'ollama/qwen3:8b' })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({
      model: 'ollama/qwen3:8b',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'vai.ollama.' },
        { type: 'text', text: 'Hello' },
      ],
    })
    expect(ollama.requests.map(({ path }) => path)).toEqual(['/api/tags', '/v1/chat/completions'])
    expect(ollama.requests[1]?.headers).not.toHaveProperty('authorization')
  })

  it('are printed by vai config, with where their keys come from', async () => {
    const path = yamlFile('providers:\n  house:\n    name: The house\n    base_url: http://127.0.0.1:1/v1\n')
    const { code, output } = await vai(['config', '-c', path], {
      VAI_PROVIDERS: 'lmstudio',
      VAI_LMSTUDIO_BASE_URL: 'http://127.0.0.1:2/v1',
    })
    expect(code).toBe(0)
    const lines = output.split('\n')
    expect(lines).toContain('VAI_PROVIDERS=house,lmstudio')
    expect(lines).toContain('VAI_LMSTUDIO_BASE_URL=http://127.0.0.1:2/v1')
    expect(lines).toContain('    house: The house at http://127.0.0.1:1/v1, key from HOUSE_API_KEY or X-Provider-Key-House')
    expect(lines).toContain(
      '    lmstudio: LM Studio at http://127.0.0.1:2/v1, key from LMSTUDIO_API_KEY or X-Provider-Key-Lmstudio, if it needs one',
    )
  })

  it('with mistakes keep the server from starting, and every mistake is named with its place', async () => {
    const path = yamlFile('providers:\n  house:\n    bas_url: http://127.0.0.1:1/v1\n    key: sk-test-0123456789abcdef\n')
    const { code, errors } = await vai(['serve', '-c', path], { VAI_PROVIDERS: 'olama,azure' })
    expect(code).toBe(2)
    for (const words of [
      `${path}: providers.house.bas_url is not known; did you mean base_url?`,
      `${path}: providers.house.key: keys do not stand in the file`,
      'providers.house: base_url is missing; VAI_HOUSE_BASE_URL can give it too',
      'providers.azure: base_url is missing',
      'VAI_PROVIDERS: there is no preset "olama"; did you mean ollama?',
    ])
      expect(errors).toContain(words)
    expect(errors).not.toContain('sk-test-0123456789abcdef')
  })

  it('an Ollama that does not answer is not waited for', async () => {
    const silent = await startUpstream(silence)
    running.push(silent)
    const server = await serve({ VAI_PROVIDERS: 'ollama', VAI_OLLAMA_BASE_URL: `${silent.url}/v1` })
    expect(server.output()).toMatch(/^ +ollama +needs no key$/m)
    const off = await serve({ VAI_PROVIDERS: 'ollama', VAI_OLLAMA_BASE_URL: `${silent.url}/v1`, VAI_OLLAMA_DETECT: 'false' })
    expect(off.output()).toMatch(/^ +ollama +needs no key$/m)
    expect(silent.requests).toHaveLength(1)
  })
})

/** An Ollama with these models that says hello. */
async function startOllama(models: readonly string[]): Promise<Upstream> {
  const message = { role: 'assistant', content: 'Hello', reasoning: 'Hm.' }
  const upstream = await startUpstream((request) =>
    request.path === '/api/tags'
      ? json({ models: models.map((name) => ({ name })) })
      : json({ id: 'chatcmpl-1', model: models[0], choices: [{ index: 0, message, finish_reason: 'stop' }] }),
  )
  running.push(upstream)
  return upstream
}

function yamlFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vai-test-'))
  running.push({ close: () => rmSync(folder, { recursive: true }) })
  const path = join(folder, 'vai.yaml')
  writeFileSync(path, text)
  return path
}

describe('commands', () => {
  it.each(['vai --help', 'vai -h', 'vai help', 'vai'])('%s prints what there is', async (command) => {
    const { code, output } = await vai(command.split(' ').slice(1))
    expect(code).toBe(0)
    for (const word of ['Usage:', 'serve', 'config', '--config', 'VAI_']) expect(output).toContain(word)
  })

  it.each(['--version', '-v', 'version'])('vai %s prints the version', async (arg) => {
    const { version } = JSON.parse(readFileSync(file('package.json'), 'utf8'))
    expect(await vai([arg])).toEqual({ code: 0, output: `${version}\n`, errors: '' })
  })

  it('vai config prints every setting with its value, and no key', async () => {
    const { code, output } = await vai(['config'], {
      VAI_PORT: '9999',
      VAI_MODEL_ALIASES: 'fast=openai/gpt-5-mini',
      ANTHROPIC_API_KEY: key,
    })
    expect(code).toBe(0)
    const lines = output.split('\n')
    for (const { env, meaning } of Object.values(settings)) {
      expect(lines.filter((line) => line.startsWith(`${env}=`))).toHaveLength(1)
      expect(output).toContain(meaning)
    }
    expect(lines).toContain('VAI_PORT=9999')
    expect(lines).toContain('VAI_MODEL_ALIASES=fast=openai/gpt-5-mini')
    expect(output).not.toContain(key)
  })

  it('a file of settings is read, and the environment wins over it', async () => {
    const path = yamlFile('port: 9998\ndrain_ms: 7\n')
    const { code, output } = await vai(['config', '-c', path], { VAI_PORT: '9997' })
    expect(code).toBe(0)
    expect(output).toContain('VAI_PORT=9997\n')
    expect(output).toContain('VAI_DRAIN_MS=7\n')
  })
})

describe('mistakes', () => {
  it.each([
    ['a command', ['serv'], {}, 'serv is not a command; did you mean serve?'],
    ['a command that is like none', ['deploy-everything'], {}, 'deploy-everything is not a command; see vai --help.'],
    ['an argument too many', ['serve', 'now'], {}, 'now is not understood'],
    ['a flag', ['serve', '--confg', 'x'], {}, '--confg is not an option; did you mean --config?'],
    ['a flag without its value', ['serve', '--config'], {}, '--config'],
    ['a setting', ['serve'], { VAI_PROT: '1' }, 'VAI_PROT is not a setting; did you mean VAI_PORT?'],
    ['a value', ['serve'], { VAI_PORT: 'http' }, 'VAI_PORT: a whole number from 0 to 65535 is expected, not "http"'],
    ['a file that is not there', ['serve', '-c', '/nothing/there.yaml'], {}, '/nothing/there.yaml'],
    ['an open address without keys', ['serve'], { VAI_HOST: '0.0.0.0' }, 'VAI_HOST=127.0.0.1'],
    [
      'an open relay nobody asked for',
      ['serve'],
      { VAI_HOST: '0.0.0.0', VAI_AUTH_MODE: 'disabled' },
      'VAI_ALLOW_OPEN_RELAY=true',
    ],
  ])('%s that is wrong is named, with what would be right, and nothing is started', async (_, args, env, words) => {
    const { code, output, errors } = await vai(args, env)
    expect({ code, output }).toEqual({ code: 2, output: '' })
    expect(errors).toMatch(/^vai: /)
    expect(errors).toContain(words)
    expect(errors).not.toMatch(/\n\s+at /)
  })

  it('all wrong settings are named at once', async () => {
    const { errors } = await vai(['serve'], { VAI_PROT: '1', VAI_DRAIN_MS: 'soon', VAI_AUTH_MODE: 'maybe' })
    for (const name of ['VAI_PROT', 'VAI_DRAIN_MS', 'VAI_AUTH_MODE']) expect(errors).toContain(name)
  })

  it('a key under the name of a setting is not repeated', async () => {
    const { code, errors } = await vai(['serve'], { VAI_ANTHROPIC_API_KEY: key })
    expect(code).toBe(2)
    expect(errors).toContain('VAI_ANTHROPIC_API_KEY is not a setting')
    expect(errors).not.toContain(key)
  })

  it('a port that is in use is named, and ends the process with 1', async () => {
    const { url } = await serve()
    const { port } = new URL(url)
    const { code, errors } = await vai(['serve'], { VAI_PORT: port })
    expect(code).toBe(1)
    expect(errors).toBe(`vai: port ${port} on 127.0.0.1 is in use by another process; set VAI_PORT to a free one.\n`)
  })
})

const signal = 'SIGTERM'

describe(signal, () => {
  it('lets a stream finish, turns new requests away meanwhile, and ends with 0', async () => {
    const gate = await openGate()
    const server = await serve(settingsFor(gate))
    const stream = await post(server.url, { ...hello, model: 'anthropic/any', stream: true })
    const text = readerOf(stream)
    await text.until('Hel')
    server.signal(signal)
    await server.saw(/"draining"/)

    const refused = await post(server.url, hello)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('connection')).toBe('close')
    expect(refusalIn(await refused.text(), refused.headers.get('x-request-id'))).toMatchObject({
      type: 'overloaded_error',
      code: 'shutting_down',
    })
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    const readiness = await fetch(`${server.url}/readyz`)
    expect(readiness.status).toBe(503)
    expect(await readiness.json()).toMatchObject({ status: 'not_ready' })

    gate.open()
    const all = await text.rest()
    expect(all).toContain('"lo"')
    expect(all.trimEnd()).toMatch(/event: message_stop\ndata: .*$/)
    expect(await server.ended).toBe(0)
  })

  it('ends a stream with an error once the limit has passed, and the process with 0', async () => {
    const gate = await openGate()
    const server = await serve({ ...settingsFor(gate), VAI_DRAIN_MS: '300' })
    const stream = await post(server.url, { ...hello, model: 'anthropic/any', stream: true })
    const text = readerOf(stream)
    await text.until('Hel')
    server.signal(signal)
    const all = await text.rest()
    expect(all).not.toContain('message_stop')
    const [, data = ''] = /event: error\ndata: (.*)\n\n$/.exec(all) ?? []
    const error = refusalIn(data, stream.headers.get('x-request-id'))
    expect(error).toMatchObject({ type: 'overloaded_error', code: 'shutting_down' })
    expect(await server.ended).toBe(0)
  })

  it('answers who waits for a whole message with 503 once the limit has passed', async () => {
    const gate = await openGate()
    const server = await serve({ ...settingsFor(gate), VAI_DRAIN_MS: '300' })
    const waiting = post(server.url, { ...hello, model: 'anthropic/any' })
    await gate.asked
    server.signal(signal)
    const response = await waiting
    expect(response.status).toBe(503)
    expect(refusalIn(await response.text(), response.headers.get('x-request-id')).code).toBe('shutting_down')
    expect(await server.ended).toBe(0)
  })

  it('for the second time ends the process at once', async () => {
    const gate = await openGate()
    const server = await serve(settingsFor(gate))
    const stream = await post(server.url, { ...hello, model: 'anthropic/any', stream: true })
    const text = readerOf(stream)
    await text.until('Hel')
    server.signal(signal)
    await server.saw(/"draining"/)
    server.signal(signal)
    expect(await server.ended).toBe(1)
    await expect(text.rest()).rejects.toThrow()
  })

  it.each([signal, 'SIGINT'] as const)('does not wait for connections that have nothing to say (%s)', async (name) => {
    const server = await serve()
    const { hostname, port } = new URL(server.url)
    const silent = connect(Number(port), hostname)
    const idle = connect(Number(port), hostname)
    running.push({ close: () => [silent, idle].forEach((socket) => void socket.destroy()) })
    idle.write('GET /healthz HTTP/1.1\r\nhost: gateway.test\r\n\r\n')
    await new Promise((resolve) => idle.once('data', resolve))
    const closed = Promise.all([silent, idle].map((socket) => new Promise((resolve) => socket.once('close', resolve).resume())))
    server.signal(name)
    expect(await server.ended).toBe(0)
    await closed
  })
})

async function openGate(): Promise<Gate> {
  const gate = await startGate()
  running.push(gate)
  return gate
}

function settingsFor({ url }: Gate): Record<string, string> {
  return { VAI_ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key }
}
