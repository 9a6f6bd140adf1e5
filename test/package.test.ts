import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
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
})
