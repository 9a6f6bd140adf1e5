import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Secret } from '../../../api/secret.ts'
import { KeyStore } from '../../../plugins/auth/store.ts'
import { type Watch, watchKeys } from '../../../plugins/auth/watch.ts'
import { gatewayKey, type TestKey } from '../../gateway-keys.ts'
import { ManualClock } from '../../manual-clock.ts'

/** Real files, changed in the ways in which editors, deployments and mistakes change them. */

const [one, two] = [gatewayKey('one'), gatewayKey('two')]
let folder: string
let file: string
const watches: Watch[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vai-keys-'))
  file = join(folder, 'keys.yaml')
})
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch.close()
  rmSync(folder, { recursive: true })
})

function textOf(...keys: readonly TestKey[]): string {
  return JSON.stringify({ keys: keys.map(({ record }) => record) })
}

/** Another file takes the place of the old in one step. */
function replace(text: string): void {
  writeFileSync(join(folder, 'new'), text)
  renameSync(join(folder, 'new'), file)
}

async function open(document?: unknown): Promise<KeyStore> {
  const store = new KeyStore({ document, file })
  await store.refresh()
  return store
}

/** The ids of those of the two keys that are known. */
function known({ keys }: KeyStore): string[] {
  return [one, two].flatMap(({ key }) => {
    try {
      return [keys.find(key, 0).id]
    } catch {
      return []
    }
  })
}

describe('a file of keys', () => {
  it('is read, as JSON or YAML, together with the settings', async () => {
    writeFileSync(file, `# ours\nkeys:\n  - id: one\n    hash: ${one.record.hash} # for tests\n`)
    const store = await open({ keys: [two.record] })
    expect(store.problems).toEqual([])
    expect(store.keys.count).toBe(2)
    expect(known(store)).toEqual(['key:one', 'key:two'])
  })

  it.each<[string, () => void]>([
    ['by a file that is renamed to it', () => replace(textOf(two))],
    ['in place', () => writeFileSync(file, textOf(two))],
    [
      'by being removed and made again',
      () => {
        unlinkSync(file)
        writeFileSync(file, textOf(two))
      },
    ],
  ])('is read again when it was changed %s', async (_, change) => {
    writeFileSync(file, textOf(one))
    const store = await open()
    expect(await store.refresh()).toBe(false)
    change()
    expect(await store.refresh()).toBe(true)
    expect(known(store)).toEqual(['key:two'])
    expect(await store.refresh()).toBe(false)
  })

  it('is read again when a link above it was swapped, as Kubernetes does', async () => {
    for (const [version, key] of [
      ['..1', one],
      ['..2', two],
    ] as const) {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'keys.yaml'), textOf(key))
    }
    symlinkSync('..1', join(folder, '..data'))
    symlinkSync(join('..data', 'keys.yaml'), file)
    const store = await open()
    expect(known(store)).toEqual(['key:one'])
    symlinkSync('..2', join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    expect(await store.refresh()).toBe(true)
    expect(known(store)).toEqual(['key:two'])
  })

  it.each<[string, () => void, string]>([
    ['is cut off', () => writeFileSync(file, textOf(two).slice(0, -9)), 'not valid as YAML or JSON'],
    ['is empty', () => writeFileSync(file, ''), 'is empty'],
    ['says something wrong', () => writeFileSync(file, '{"keys": [{"id": "x"}]}'), 'keys[0].hash is missing'],
    ['refers to nothing', () => writeFileSync(file, 'keys: *all'), 'alias'],
    ['says a member twice', () => writeFileSync(file, 'keys: []\nkeys: []'), 'line 2, column 1'],
    ['is gone', () => unlinkSync(file), 'cannot be read (ENOENT)'],
    [
      'is a folder',
      () => {
        unlinkSync(file)
        mkdirSync(file)
      },
      'is not a regular file',
    ],
    [
      'is a pipe, which nobody writes to',
      () => {
        unlinkSync(file)
        execFileSync('mkfifo', [file])
      },
      'is not a regular file',
    ],
  ])('that %s leaves the keys as they were, says so once, and counts again when it is whole', async (_, damage, problem) => {
    writeFileSync(file, textOf(one))
    const store = await open()
    damage()
    expect(await store.refresh()).toBe(true)
    expect(store.problems.join('\n')).toContain(problem)
    expect(store.problems.every((each) => each.startsWith(`${file}: `))).toBe(true)
    expect(known(store)).toEqual(['key:one'])
    expect(await store.refresh()).toBe(false)
    rmSync(file, { recursive: true, force: true })
    replace(textOf(two))
    expect(await store.refresh()).toBe(true)
    expect(store.problems).toEqual([])
    expect(known(store)).toEqual(['key:two'])
  })

  it('that is broken is not quoted', async () => {
    writeFileSync(file, `keys: [${one.key}: {`)
    expect((await open()).problems.join('\n')).not.toContain(one.key)
  })
})

describe("a tenant's key for a provider", () => {
  const said = 'first-key-of-acme, second-key-of-acme'

  it('is known for a day beyond its removal, for as long as an answer may take', async () => {
    const variables: Record<string, Secret> = { ONE: new Secret('first-key-of-acme'), TWO: new Secret('second-key-of-acme') }
    const store = new KeyStore({ document: undefined, file, variable: (name) => variables[name] })
    const write = (variable: string): void => replace(`tenants: { acme: { provider_keys: { openai: ${variable} } } }`)
    write('ONE')
    await store.refresh(0)
    expect(store.providerKeys.mask(said)).toBe('[redacted], second-key-of-acme')
    write('TWO')
    await store.refresh(1000)
    const day = 24 * 3_600_000
    await store.refresh(day + 999)
    expect(store.providerKeys.mask(said)).toBe('[redacted], [redacted]')
    await store.refresh(day + 1000)
    expect(store.providerKeys.mask(said)).toBe('first-key-of-acme, [redacted]')
    await store.refresh(9 * day)
    expect(store.providerKeys.mask(said)).toBe('first-key-of-acme, [redacted]')
  })
})

describe('the watch over it', () => {
  const clock = new ManualClock()
  let told = (): void => undefined

  function watching(store: KeyStore): Watch {
    const watch = watchKeys(store, clock, () => told())
    watches.push(watch)
    return watch
  }

  function news(): Promise<void> {
    return new Promise((resolve) => {
      told = resolve
    })
  }

  it('looks every second, one look at a time, and ends with its owner', async () => {
    writeFileSync(file, textOf(one))
    const store = await open()
    const watch = watching(store)
    for (const [change, expected] of [
      [textOf(one, two), ['key:one', 'key:two']],
      [textOf(two), ['key:two']],
    ] as const) {
      replace(change)
      const read = news()
      expect(clock.nextInMs).toBe(1000)
      clock.advance(1000)
      // How long this look may take is all that is waited for.
      expect([clock.waiting, clock.nextInMs]).toEqual([1, 10_000])
      await read
      // What the one who waits for it does comes before the next look.
      await Promise.resolve()
      expect(known(store)).toEqual(expected)
    }
    replace(textOf(one))
    clock.advance(1000)
    await watch.close()
    expect(clock.waiting).toBe(0)
  })

  it('tells that the file does not answer, asks no second time, and goes on once it does', async () => {
    writeFileSync(file, textOf(one))
    const store = await open()
    watching(store)
    replace(textOf(two))
    clock.advance(1000)
    const missed = news()
    // The clock runs on before the system has had a chance to answer.
    clock.advance(10_000)
    await missed
    expect(store.problems).toEqual([`${file}: does not answer`])
    expect(known(store)).toEqual(['key:one'])
    expect(clock.waiting).toBe(0)
    await news()
    expect(store.problems).toEqual([])
    expect(known(store)).toEqual(['key:two'])
    replace(textOf(one))
    await Promise.resolve()
    const readAgain = news()
    clock.advance(1000)
    await readAgain
    expect(known(store)).toEqual(['key:one'])
  })

  it('ends although the file does not answer', async () => {
    writeFileSync(file, textOf(one))
    const store = await open()
    const watch = watching(store)
    replace(textOf(two))
    clock.advance(1000)
    const closed = watch.close()
    clock.advance(500)
    await closed
    expect(clock.waiting).toBe(0)
    expect(known(store)).toEqual(['key:one'])
  })
})
