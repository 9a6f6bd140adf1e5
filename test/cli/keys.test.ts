import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readArguments } from '../../cli/arguments.ts'
import { runKeys } from '../../cli/keys.ts'
import { ConfigError, loadConfig } from '../../config.ts'
import { hashOf } from '../../plugins/auth/key.ts'
import { startGateway } from '../gateway.ts'
import { gatewayKey } from '../gateway-keys.ts'
import { ManualClock } from '../manual-clock.ts'

const now = Date.UTC(2026, 10, 21, 12)
let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vai-cli-'))
  file = join(folder, 'keys.yaml')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What `vai keys …` prints; words are split at spaces. */
async function vai(line: string, env: Record<string, string> = {}): Promise<string> {
  const args = readArguments(['keys', ...line.split(' ')])
  if (args.command !== 'keys') throw new Error('not about keys')
  return runKeys(args.keys, await loadConfig({ VAI_GATEWAY_KEYS_FILE: file, ...env }), now)
}

/** What is said to be wrong. */
async function refusal(line: string, env: Record<string, string> = {}): Promise<string> {
  const error: unknown = await vai(line, env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(ConfigError)
  return error instanceof Error ? error.message : ''
}

const read = (): string => readFileSync(file, 'utf8')

describe('vai keys create', () => {
  it('makes a file that only its owner reads, and prints the key once', async () => {
    const output = await vai('create app')
    const key = /^vai_sk_\w+/.exec(output)?.[0] ?? ''
    expect(output).toContain('x-api-key')
    expect(parse(read())).toEqual({
      tenants: {},
      keys: [{ id: 'app', hash: `sha256:${hashOf(key)}`, created_at: '2026-11-21T12:00:00Z' }],
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['keys.yaml'])
    expect(await vai('show app')).not.toContain(key)
  })

  it('says everything that is said of the key', async () => {
    await vai(
      'create app --tenant acme --project shop --role admin --limit requests_per_minute=100 --limit cost_per_day_usd=2.5 --models demo/*,openai/gpt-5 --providers demo,openai --tools vai_web_search,crm_* --expires 30d',
    )
    expect(parse(read())).toMatchObject({
      tenants: { acme: {} },
      keys: [
        {
          tenant: 'acme',
          project: 'shop',
          role: 'admin',
          limits: { requests_per_minute: 100, cost_per_day_usd: 2.5 },
          allowed_models: ['demo/*', 'openai/gpt-5'],
          allowed_providers: ['demo', 'openai'],
          allowed_tools: ['vai_web_search', 'crm_*'],
          expires_at: '2026-12-21T12:00:00Z',
        },
      ],
    })
  })

  it('makes a key that opens the gateway', async () => {
    const { key } = JSON.parse(await vai('create --json'))
    const gateway = await startGateway({ env: { VAI_AUTH_MODE: 'required', VAI_GATEWAY_KEYS_FILE: file } })
    expect((await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': key } })).status).toBe(200)
    await gateway.close()
  })

  it('keeps what else is in the file, comments too', async () => {
    const { record } = gatewayKey('old', { tenant: 'acme' })
    writeFileSync(
      file,
      `# The keys of our house.\ntenants:\n  acme:\n    # The best.\n    limits: &few\n      requests_per_minute: 5\n\nkeys:\n  # Of old.\n  - id: old\n    hash: ${record.hash}\n    tenant: acme\n    limits: *few\n`,
    )
    const before = read()
    await vai('create new --tenant acme')
    expect(read().startsWith(before)).toBe(true)
    await vai('revoke new --delete')
    expect(read()).toBe(before)
  })

  it('writes JSON where the file is JSON', async () => {
    await vai(`create --file ${join(folder, 'new.json')}`)
    expect(JSON.parse(readFileSync(join(folder, 'new.json'), 'utf8'))).toMatchObject({ keys: [{}] })
    writeFileSync(file, '{"keys": []}')
    await vai('create app')
    expect(JSON.parse(read())).toMatchObject({ keys: [{ id: 'app' }] })
  })

  it('adds line by line to a list that was empty', async () => {
    writeFileSync(file, 'keys: []\n')
    await vai('create app')
    expect(read()).toMatch(/^keys:\n {2}- id: app\n/)
  })

  it('prints the record where there is no file, beside those that are set', async () => {
    const { record } = gatewayKey('old')
    const env = { VAI_GATEWAY_KEYS_FILE: '', VAI_GATEWAY_KEYS: JSON.stringify({ keys: [record] }) }
    const text = /VAI_GATEWAY_KEYS='(.*)'/.exec(await vai('create app --tenant acme', env))?.[1] ?? ''
    expect(JSON.parse(text)).toMatchObject({ tenants: { acme: {} }, keys: [record, { id: 'app', tenant: 'acme' }] })
    expect(JSON.parse(await vai('create app --json', env))).toMatchObject({ key: expect.any(String), record: { id: 'app' } })
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['create a/b', 'id: a name of at most 64'],
    ['create --role boss', 'role: one of client, admin is expected'],
    ['create --limit requests_per_minut=5', 'limits.requests_per_minut is not known here; did you mean requests_per_minute?'],
    ['create --limit many', '--limit: name=number is expected'],
    ['create --limit messages=0', 'limits.messages: a whole number from 1 to 10000 is expected'],
    ['create --models gpt-5', 'allowed_models[0]: a model as provider/name'],
    ['create --providers opnai', 'there is no provider opnai; did you mean openai?'],
    ['create --expires soon', '--expires: a time to come is expected'],
    ['create --expires 2020-01-01', '--expires: a time to come is expected'],
  ])('%s says what is wrong, and writes nothing', async (line, problem) => {
    expect(await refusal(line)).toContain(problem)
    expect(readdirSync(folder)).toEqual([])
  })

  it('has no second key of one id, wherever the first is', async () => {
    await vai('create app')
    const before = read()
    expect(await refusal('create app')).toContain('keys[1].id: another key has the same')
    const env = { VAI_GATEWAY_KEYS: JSON.stringify({ keys: [gatewayKey('set').record] }) }
    expect(await refusal('create set', env)).toContain('another key has the same')
    expect(read()).toBe(before)
  })

  it('leaves a file alone that is broken', async () => {
    writeFileSync(file, 'keys: [')
    expect(await refusal('create app')).toContain('not valid as YAML or JSON')
    writeFileSync(file, 'keys: [{ id: a }]')
    expect(await refusal('create app')).toContain('keys[0].hash is missing')
    expect(read()).toBe('keys: [{ id: a }]')
    expect(readdirSync(folder)).toEqual(['keys.yaml'])
  })

  it('waits for nobody else who changes the file, and undoes nothing', async () => {
    writeFileSync(`${file}.new`, '')
    expect(await refusal('create app')).toContain('somebody else changes the keys')
    rmSync(`${file}.new`)
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, at) => vai(`create key-${at}`)))
    const made = outcomes.filter(({ status }) => status === 'fulfilled').length
    expect(made).toBeGreaterThan(0)
    expect(parse(read()).keys).toHaveLength(made)
  })

  it('writes behind a link, and keeps the mode of the file', async () => {
    const target = join(folder, 'target.yaml')
    writeFileSync(target, 'keys: []\n')
    chmodSync(target, 0o640)
    symlinkSync('target.yaml', file)
    await vai('create app')
    expect(readdirSync(folder).sort()).toEqual(['keys.yaml', 'target.yaml'])
    expect(readFileSync(target, 'utf8')).toContain('id: app')
    expect(statSync(target).mode & 0o777).toBe(0o640)
  })

  it('makes the file that a link leads to, and leaves the link', async () => {
    const later = join(folder, 'later')
    symlinkSync('there/keys.yaml', later)
    symlinkSync('later', file)
    expect(await refusal('create app')).toContain('there/keys.yaml.new: cannot be written (ENOENT)')
    mkdirSync(join(folder, 'there'))
    await vai('create app')
    expect(readdirSync(join(folder, 'there'))).toEqual(['keys.yaml'])
    expect([file, later].map((each) => lstatSync(each).isSymbolicLink())).toEqual([true, true])
    expect(read()).toContain('id: app')
    symlinkSync('round', join(folder, 'round'))
    expect(await refusal(`create --file ${join(folder, 'round')}`)).toContain('cannot be read (ELOOP)')
  })

  it('opens nothing that is no regular file', async () => {
    execFileSync('mkfifo', [file])
    expect(await refusal('create app')).toContain('keys.yaml: is not a regular file')
    expect(await refusal('list')).toContain('is not a regular file')
    expect(readdirSync(folder)).toEqual(['keys.yaml'])
  })

  it('takes a limit however the number is written', async () => {
    await vai('create one --limit cost_per_day_usd=1e-7')
    await vai('create two --limit cost_per_day_usd=0.0000001 --limit requests_per_minute=1E3')
    const [one, two] = parse(read()).keys
    expect(one.limits).toEqual({ cost_per_day_usd: 1e-7 })
    expect(two.limits).toEqual({ cost_per_day_usd: 1e-7, requests_per_minute: 1000 })
    expect(await vai('list')).toContain('two')
  })
})

describe('vai keys list and show', () => {
  it('tell everything but keys and hashes', async () => {
    await vai('create one --tenant acme --expires 1h')
    await vai('create two --role admin')
    await vai('revoke two')
    const { hash } = parse(read()).keys[0]
    const list = await vai('list')
    expect(list.split('\n').map((row) => row.split(/ {2,}/))).toEqual([
      ['ID', 'STATE', 'ROLE', 'TENANT', 'PROJECT', 'EXPIRES', 'CREATED'],
      ['one', 'active', 'client', 'acme', '-', '2026-11-21T13:00:00Z', '2026-11-21T12:00:00Z'],
      ['two', 'disabled', 'admin', '-', '-', '-', '2026-11-21T12:00:00Z'],
    ])
    expect(JSON.parse(await vai('list --json'))).toMatchObject([{ id: 'one' }, { id: 'two', state: 'disabled' }])
    expect(parse(await vai('show one'))).toMatchObject({ id: 'one', tenant: 'acme', state: 'active' })
    expect(list + (await vai('show one')) + (await vai('list --json'))).not.toContain(hash.slice(7))
  })

  it('know the keys of the settings as well', async () => {
    const env = { VAI_GATEWAY_KEYS_FILE: '', VAI_GATEWAY_KEYS: JSON.stringify({ keys: [gatewayKey('set').record] }) }
    expect(await vai('list', env)).toContain('set')
    expect(await vai('list', { VAI_GATEWAY_KEYS_FILE: '' })).toBe('There are no keys.')
  })

  it('name what was meant', async () => {
    await vai('create shop')
    expect(await refusal('show shpo')).toBe('there is no key shpo; did you mean shop?')
    expect(await refusal('show')).toBe('vai keys show needs the id of a key: shop')
    expect(await refusal('list', { VAI_GATEWAY_KEYS_FILE: join(folder, 'none.yaml') })).toContain('there is no such file')
  })
})

describe('vai keys rotate and revoke', () => {
  it('put a new key in the place of the old, which stays good for a while', async () => {
    const first = JSON.parse(await vai('create app --json'))
    const second = JSON.parse(await vai('rotate app --json'))
    expect(second.key).not.toBe(first.key)
    expect(parse(read()).keys[0]).toMatchObject({
      hash: `sha256:${hashOf(second.key)}`,
      previous: { hash: `sha256:${hashOf(first.key)}`, expires_at: '2026-11-22T12:00:00Z' },
    })
    const third = JSON.parse(await vai('rotate app --grace 0 --expires 2027-01-31 --json'))
    expect(parse(read()).keys[0]).toEqual({
      id: 'app',
      hash: `sha256:${hashOf(third.key)}`,
      created_at: '2026-11-21T12:00:00Z',
      expires_at: '2027-01-31T00:00:00Z',
    })
  })

  it('keep the promises of earlier rotations, and break them all without a grace', async () => {
    const first = JSON.parse(await vai('create app --json'))
    const second = JSON.parse(await vai('rotate app --grace 7d --json'))
    const output = await vai('rotate app --grace 1h')
    expect(output).toContain('The old key is good until 2026-11-21T13:00:00Z.')
    expect(output).toContain('earlier rotations: until 2026-11-28T12:00:00Z;')
    const third = /^vai_sk_\w+/.exec(output)?.[0] ?? ''
    expect(parse(read()).keys[0].previous).toEqual([
      { hash: `sha256:${hashOf(second.key)}`, expires_at: '2026-11-21T13:00:00Z' },
      { hash: `sha256:${hashOf(first.key)}`, expires_at: '2026-11-28T12:00:00Z' },
    ])
    expect(parse(await vai('show app'))).toMatchObject({ previous_expires_at: '2026-11-28T12:00:00Z' })
    const parts = { clock: new ManualClock(now) }
    const gateway = await startGateway({ env: { VAI_AUTH_MODE: 'required', VAI_GATEWAY_KEYS_FILE: file }, parts })
    for (const key of [first.key, second.key, third]) {
      expect((await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': key } })).status).toBe(200)
    }
    await gateway.close()
    expect(await vai('rotate app --grace 0')).toContain('No older key is good any more.')
    expect(parse(read()).keys[0]).not.toHaveProperty('previous')
  })

  it('leave no old key good for longer than it was to be', async () => {
    const { record } = gatewayKey('app', { previous: { hash: gatewayKey('x').record.hash, expires_at: '2026-11-21T11:00:00Z' } })
    const write = (expires_at: string): void => writeFileSync(file, JSON.stringify({ keys: [{ ...record, expires_at }] }))
    write('2026-11-21T13:00:00Z')
    await vai('rotate app --expires 30d')
    expect(parse(read()).keys[0].previous).toEqual({ hash: record.hash, expires_at: '2026-11-21T13:00:00Z' })
    write('2026-11-22T12:00:00Z')
    expect(await vai('rotate app --expires 1h')).toContain('The old key is good until 2026-11-21T13:00:00Z.')
    write('2026-11-21T12:00:00Z')
    await vai('rotate app --expires 30d')
    expect(parse(read()).keys[0]).not.toHaveProperty('previous')
  })

  it('turn a key off, or remove it', async () => {
    await vai('create app')
    expect(await vai('revoke app')).toContain('turned off')
    expect(parse(read()).keys[0]).toMatchObject({ id: 'app', disabled: true })
    expect(await refusal('rotate app')).toContain('app has been turned off')
    expect(await vai('revoke app --delete')).toContain('removed')
    expect(parse(read()).keys).toEqual([])
  })

  it('say what is missing', async () => {
    expect(await refusal('rotate app')).toContain('there is no such file')
    expect(await refusal('revoke app', { VAI_GATEWAY_KEYS_FILE: '' })).toContain('--file or VAI_GATEWAY_KEYS_FILE')
    await vai('create app')
    expect(await refusal('rotate app --grace long')).toContain('--grace: a length of time as 24h')
    expect(await refusal('revoke')).toContain('vai keys revoke needs the id of a key: app')
    writeFileSync(file, `keys:\n  - id: old\n    hash: ${gatewayKey('old').record.hash}\n    expires_at: 2020-01-01\n`)
    expect(await refusal('rotate old')).toContain('old has expired')
  })
})
