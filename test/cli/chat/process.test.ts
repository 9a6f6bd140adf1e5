import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildBefore } from '../../built.ts'
import { type Gateway, startGateway } from '../../gateway.ts'

buildBefore()

const server = fileURLToPath(new URL('../../../dist/server.js', import.meta.url))
let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.close())

function vai(...args: readonly string[]) {
  const child = spawn(process.execPath, [server, ...args], { env: { PATH: process.env.PATH ?? '' } })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, output: () => output, errors: () => errors }
}

describe('the built vai chat', { timeout: 60_000 }, () => {
  it('answers one question and ends by itself', async () => {
    const { ended, output, errors } = vai('chat', '--url', gateway.url, '--once', 'Hello, gateway!')
    expect([await ended, errors()]).toEqual([0, ''])
    expect(output()).toBe('Hello, gateway!\n')
  })

  it('takes the question of a pipe', async () => {
    const { child, ended, output } = vai('chat', '--url', gateway.url)
    child.stdin.end('One\ntwo\n')
    expect(await ended).toBe(0)
    expect(output()).toBe('One\ntwo\n')
  })
})
