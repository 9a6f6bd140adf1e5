import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { buildBefore } from '../built.ts'
import { startProcess, startServer } from '../process.ts'
import { until } from '../until.ts'

/** The built server and its keys, as an operator has them. */

let folder: string
const running: { close(): Promise<unknown> }[] = []

buildBefore()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vai-keys-'))
})
afterEach(async () => {
  for (const each of running.splice(0)) await each.close()
  rmSync(folder, { recursive: true })
})

async function vai(args: readonly string[], env: Record<string, string> = {}) {
  const process = startProcess(args, env)
  running.push(process)
  const code = await process.ended
  return { code, output: process.output(), errors: process.errors() }
}

it('a key is made, opens the gateway, is revoked while it runs, and opens it no more', async () => {
  const env = { VAI_GATEWAY_KEYS_FILE: join(folder, 'keys.yaml') }
  const { output } = await vai(['keys', 'create', 'app', '--json'], env)
  const { key } = JSON.parse(output)
  const server = await startServer({ ...env, VAI_AUTH_MODE: 'required' })
  running.push(server)
  expect(server.output()).toContain('Auth required with 1 gateway key')
  const status = async (): Promise<number> =>
    (await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status
  expect(await status()).toBe(200)
  expect((await vai(['keys', 'revoke', 'app'], env)).code).toBe(0)
  await until(async () => (await status()) === 401)
  expect(readFileSync(env.VAI_GATEWAY_KEYS_FILE, 'utf8')).toContain('disabled: true')
  expect(server.output() + server.errors()).not.toContain(key)
})

it('keys that are wrong are all named, and nothing is started', async () => {
  const file = join(folder, 'keys.yaml')
  writeFileSync(file, 'tenants: { acme: { limit: 5 } }\nkeys:\n  - id: app\n    hsah: x\n')
  const { code, output, errors } = await vai(['serve'], { VAI_HOST: '0.0.0.0', VAI_PORT: '0', VAI_GATEWAY_KEYS_FILE: file })
  expect({ code, output }).toEqual({ code: 2, output: '' })
  expect(errors.trim().split('\n')).toEqual([
    `vai: ${file}: tenants.acme.limit is not known here; did you mean limits?`,
    `${file}: keys[0].hsah is not known here; did you mean hash?`,
    `${file}: keys[0].hash is missing`,
  ])
})

it('a mistake on the command line is named, and ends the process with 2', async () => {
  const { code, errors } = await vai(['keys', 'create', '--expires', 'soon'])
  expect(code).toBe(2)
  expect(errors).toBe('vai: --expires: a time to come is expected, as 30d or 2027-01-31, not soon\n')
  expect((await vai(['keys'])).output).toContain('vai keys <command>')
})
