import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** What comes from the registry, as the lock file has it. */

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly hasInstallScript?: boolean
  readonly link?: boolean
}

const root = new URL('../../', import.meta.url)
const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = read('package-lock.json')
const packages = Object.entries(lock.packages).filter(
  // What stands in the project itself comes from nowhere.
  ([path, { link }]) => path.startsWith('node_modules/') && link !== true,
)
const production = packages.filter(([, { dev }]) => !dev)

describe('the packages', () => {
  it('of a running gateway have one script that runs when they are installed, which only compares two versions', () => {
    expect(production.length).toBeGreaterThan(0)
    const scripted = production.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)
    expect(scripted).toEqual(['node_modules/protobufjs'])
    const script = readFileSync(new URL('node_modules/protobufjs/scripts/postinstall.js', root), 'utf8')
    // It reads a file beside it, and reaches nothing else: no network, no process, no file to write.
    const used = [...script.matchAll(/require\(("[^"]*")?/g)].map(([, name]) => name)
    expect(used).toEqual(['"path"', '"fs"', undefined])
    expect(script).not.toMatch(/\bimport\b|eval|Function|writeFile|process\.(?:binding|dlopen)/)
  })

  it('for development have one more, which fetches nothing where the package of its platform is there', () => {
    expect(packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([
      'node_modules/esbuild',
      'node_modules/protobufjs',
    ])
    const scripts: { readonly optionalDependencies: object } = read('node_modules/esbuild/package.json')
    const own = `node_modules/@esbuild/${process.platform}-${process.arch}`
    expect(Object.keys(scripts.optionalDependencies)).toContain(own.replace('node_modules/', ''))
    expect(packages.map(([path]) => path)).toContain(own)
  })

  it('are the ones that were locked, wherever they come from', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([])
    expect(packages.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([])
  })

  it('have licences that their own files confirm', () => {
    // Those of other platforms are not here to be asked.
    const installed = production.filter(([path, { optional }]) => !optional || existsSync(new URL(path, root)))
    expect(installed.length).toBeGreaterThan(80)
    const differing = installed.filter(([path, { license }]) => {
      const own: { readonly license?: string } = read(`${path}/package.json`)
      return own.license !== license
    })
    expect(differing.map(([path]) => path)).toEqual([])
  })

  it('are asked for by exact versions', () => {
    const { dependencies, devDependencies }: Record<string, Record<string, string>> = read('package.json')
    const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    )
    expect(ranges).toEqual([])
  })
})

function read<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8'))
}
