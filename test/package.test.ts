import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

/** `dist/…` of each compiled file, with the packages that it imports. */
function importsOfPackages(ending: string): Map<string, string[]> {
  const files = readdirSync(new URL('dist/', root), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending))
  return new Map(
    files.map((file) => {
      const text = readFileSync(new URL(`dist/${file}`, root), 'utf8')
      const names = [...text.matchAll(/(?:\bfrom |\bimport ?\(?)'([^'.][^']*)'/g)].map(([, name = '']) => name)
      return [file, names.filter((name) => !isBuiltin(name))]
    }),
  )
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

describe('the compiled package', () => {
  it.each(['.js', '.d.ts'])('imports nothing in its %s files that is not there where it is installed', (ending) => {
    const imports = importsOfPackages(ending)
    expect([...imports.values()].flat()).toContain('fastify')
    const missing = [...imports].flatMap(([file, names]) =>
      names.filter((name) => !Object.hasOwn(dependencies, packageOf(name))).map((name) => `${file}: ${name}`),
    )
    expect(missing).toEqual([])
  })

  it('needs no dependency that none of its files imports', () => {
    const used = new Set([...importsOfPackages('.js').values(), ...importsOfPackages('.d.ts').values()].flat().map(packageOf))
    expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([])
  })

  it('brings the SDK along, which `vai live` and `vai chat` are built on', async () => {
    const packing = ['pack', '--dry-run', '--json', '--ignore-scripts']
    const { stdout } = await promisify(execFile)('npm', packing, { cwd: root, maxBuffer: 16 * 1024 ** 2, timeout: 15_000 })
    const [packed]: { readonly bundled: readonly string[]; readonly files: readonly { readonly path: string }[] }[] =
      Object.values(JSON.parse(stdout))
    expect(packed?.bundled).toContain('@vai/sdk')
    expect(packed?.files.map(({ path }) => path)).toContain('node_modules/@vai/sdk/dist/index.js')
  })
})
