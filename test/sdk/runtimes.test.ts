import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildBefore } from '../built.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { missing, titled } from '../programs.ts'
import { installSdk, type Project } from './installed.ts'

/** Where the SDK runs besides Node's main thread. Browsers have tests of their own. */

buildBefore()
let project: Project
let gateway: Gateway

beforeAll(async () => {
  project = await installSdk()
  await project.write('talk.js', program)
  await project.write('live.js', live)
  gateway = await startGateway()
}, 120_000)

afterAll(async () => {
  await gateway.close()
  await project.remove()
})

const program = `
  import { assistantMessage, image, textOf, userMessage, VAI } from '@vai/sdk'
  export async function talk(baseURL) {
    const vai = new VAI({ baseURL, defaultModel: 'demo/echo' })
    const answer = await vai.messages.create({ messages: [userMessage('Hello')] })
    const messages = [userMessage('Hello'), assistantMessage(answer), userMessage('Once more')]
    const pieces = []
    for await (const text of vai.messages.stream({ messages }).text()) pieces.push(text)
    const { source } = image({ bytes: new Uint8Array([1, 2, 3]), media_type: 'image/png' })
    const error = await vai.models.get('demo/nothing').catch((error) => error)
    return [textOf(answer), pieces.join(''), source.data, error.name]
  }`
const talked = ['Hello', 'Once more', 'AQID', 'NotFoundError']

describe('the SDK', () => {
  it('runs in a worker', async () => {
    const file = await project.write(
      'worker.js',
      `import { parentPort, workerData } from 'node:worker_threads'
      import { talk } from './talk.js'
      parentPort.postMessage(await talk(workerData))`,
    )
    const worker = new Worker(file, { workerData: gateway.url })
    const said = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    await worker.terminate()
    expect(said).toEqual(talked)
  })

  it('needs nothing that only Node has', async () => {
    const stdin = { contents: program, resolveDir: project.folder }
    const options = { bundle: true, format: 'iife', globalName: 'program', platform: 'neutral', write: false } as const
    const { outputFiles } = await build({ ...options, mainFields: ['module', 'main'], stdin, logLevel: 'silent' })
    const context = createContext({ ...platform, baseURL: gateway.url })
    const [bundle] = outputFiles
    const said: unknown = await runInContext(`${bundle?.text}; program.talk(baseURL)`, context, { timeout: 5000 })
    expect(said).toEqual(talked)
    expect(runInContext('[typeof process, typeof Buffer, typeof require, typeof setImmediate, typeof global]', context)).toEqual(
      Array(5).fill('undefined'),
    )
  })
})

/** With the `WebSocket` of the platform. That a program ends afterwards shows that nothing is left of the session. */
const live = `
  import { VAI } from '@vai/sdk'
  export async function converse(baseURL) {
    const vai = new VAI({ baseURL, apiKey: 'vai_sk_test_shown_by_nobody' })
    const features = { send_playback_marks: false }
    const session = await vai.live.connect({ model: 'demo/echo', tts: { voice: 'demo/soft' }, features })
    let bytes = 0
    session.on('audio', ({ sound }) => (bytes += sound.length))
    session.say('Good morning!')
    let played
    for await (const event of session) {
      if (event.type !== 'turn_complete') continue
      played = event.played_text
      session.end()
    }
    const { type, usage } = await session.ended
    const nowhere = new VAI({ baseURL: 'http://127.0.0.1:9' }).live.connect({ model: 'demo/echo', tts: { voice: 'demo/soft' } })
    const gone = await nowhere.catch((error) => error.name)
    console.log(vai, vai.live, session)
    return [type, usage.turns, played, bytes > 10_000, gone]
  }`
const conversed = ['ended', 1, 'Good morning!', true, 'ConnectionError']

const main = `
  import { converse } from './live.js'
  import { talk } from './talk.js'
  const baseURL = process.argv.at(-1)
  console.log(JSON.stringify([await talk(baseURL), await converse(baseURL)]))`

describe.each([
  // Neither the environment nor files may be read, nor anything else but the network be used.
  { name: 'Deno', program: 'deno', args: ['run', '--no-prompt', '--cached-only', '--allow-net=127.0.0.1'] },
  { name: 'Bun', program: 'bun', args: ['run'] },
  { name: 'Node 24, which has a WebSocket', program: 'node24', args: [] },
])('$name', ({ program: runtime, args }) => {
  onMachineWith(runtime, 'talks over HTTP and over a socket, shows no key, and comes to its end', async () => {
    const env = { PATH: process.env.PATH, HOME: project.folder, NO_COLOR: '1' }
    const options = { cwd: project.folder, timeout: 15_000, env }
    const { stdout } = await promisify(execFile)(runtime, [...args, await project.write('main.js', main), gateway.url], options)
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual([talked, conversed])
    expect(stdout).not.toContain('shown_by_nobody')
  })
})

describe('a worker of the edge', () => {
  onMachineWith('workerd', 'talks over HTTP and over a socket', async () => {
    const contents = `
      import { converse } from './live.js'
      import { talk } from './talk.js'
      export default {
        fetch: async () => Response.json([await talk('${gateway.url}'), await converse('${gateway.url}')])
      }`
    const stdin = { contents, resolveDir: project.folder }
    await build({ bundle: true, format: 'esm', stdin, outfile: `${project.folder}/worker.js`, logLevel: 'silent' })
    const port = ['--socket-addr=http=127.0.0.1:0', '--control-fd=1']
    const runtime = spawn('workerd', ['serve', await project.write('worker.capnp', worker), ...port])
    try {
      const [first] = await once(runtime.stdout, 'data', { signal: AbortSignal.timeout(10_000) })
      const listens: { port: number } = JSON.parse(String(first).split('\n')[0] ?? '')
      const answer = await fetch(`http://127.0.0.1:${listens.port}`, { signal: AbortSignal.timeout(10_000) })
      expect(await answer.json()).toEqual([talked, conversed])
    } finally {
      runtime.kill('SIGKILL')
      await once(runtime, 'close')
    }
  })
})

const worker = `
  using Workerd = import "/workerd/workerd.capnp";
  const config :Workerd.Config = (
    services = [(name = "main", worker = .main), (name = "internet", network = (allow = ["local", "private"]))],
    sockets = [(name = "http", http = (), service = "main")]
  );
  const main :Workerd.Worker = (
    modules = [(name = "worker", esModule = embed "worker.js")],
    compatibilityDate = "2026-01-01"
  );`

function onMachineWith(runtime: string, name: string, test: () => Promise<void>): void {
  const reason = missing(runtime)
  it.skipIf(reason)(titled(name, reason), test)
}

/** What every platform has that the SDK is for, beside the language. */
const platform = {
  AbortController,
  AbortSignal,
  atob,
  btoa,
  clearTimeout,
  fetch,
  Headers,
  performance,
  ReadableStream,
  Response,
  setTimeout,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
}
