/**
 * Makes docs/licences.md: the packages that a running gateway consists of, as the lock file has them.
 *
 *   npm run generate            write the page
 *   npm run drift               fail when the committed page is not what the lock file says, or a licence is not permissive
 */
import { readFileSync } from 'node:fs'
import { writeOrCheck } from './generated-files.ts'

/** Licences that ask for no more than to be named, by their SPDX identifiers. */
const permissive = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT', 'Unlicense']

interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly link?: boolean
}

const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'),
)
const production = Object.entries(lock.packages).flatMap(([path, { version = '', license = 'none', dev, link }]) =>
  !path.startsWith('node_modules/') || link || dev
    ? []
    : [{ name: `${path.replace(/^.*node_modules\//, '')} ${version}`, licence: license }],
)

for (const { name, licence } of production) {
  if (permissive.includes(licence)) continue
  console.error(`${name} has the licence ${licence}, which is not among those that are taken: ${permissive.join(', ')}`)
  process.exitCode = 1
}
writeOrCheck({ 'docs/licences.md': page() }, 'package-lock.json')

function page(): string {
  const byLicence = new Map<string, Set<string>>()
  for (const { name, licence } of production) byLicence.set(licence, (byLicence.get(licence) ?? new Set()).add(name))
  return `${[
    '<!-- Generated from package-lock.json by `npm run generate`. Do not edit. -->',
    '# Licences',
    'The packages that a running gateway consists of, beside Node itself, as their publishers made them. Each has its licence in its folder under `node_modules`. Packages that are needed only to develop the gateway are not listed.',
    `No other licences are taken than ${permissive.join(', ')}.`,
    ...[...byLicence].sort(([a], [b]) => order(a, b)).flatMap(([licence, names]) => [`## ${licence}`, list(names)]),
  ].join('\n\n')}\n`
}

function list(names: ReadonlySet<string>): string {
  return [...names]
    .sort(order)
    .map((name) => `- ${name}`)
    .join('\n')
}

/** The same on every machine, whatever its language. */
function order(a: string, b: string): number {
  return a < b ? -1 : 1
}
