import { createContext, runInContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildBefore } from '../built.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { installSdk, type Project } from './installed.ts'

/** Where the SDK runs besides Node's main thread. Browsers have tests of their own. */

buildBefore()
let project: Project
let gateway: Gateway

beforeAll(async () => {
  project = await installSdk()
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
    await project.write('talk.js', program)
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
