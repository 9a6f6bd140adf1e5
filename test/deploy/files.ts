import { readdirSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

/** The files that say how the gateway is run, and what stands in them. */

const root = new URL('../../', import.meta.url)

export function textOf(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

/** Every document of a YAML file; throws where it is not YAML. */
export function documentsOf(path: string): unknown[] {
  return parseAllDocuments(textOf(path)).map((document) => {
    const [problem] = [...document.errors, ...document.warnings]
    if (problem) throw new Error(`${path}: ${problem.message}`)
    return document.toJS()
  })
}

/** What stands at a path of members and positions: `spec.containers.0.image`. */
export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => {
    if (typeof inner !== 'object' || inner === null) return undefined
    return Object.entries(inner).find(([key]) => key === name)?.[1]
  }, value)
}

/** A mapping of texts. */
export function textsAt(value: unknown, path: string): Record<string, string> {
  return Object.fromEntries(Object.entries(Object(at(value, path))).map(([name, text]) => [name, String(text)]))
}

export const manifests = readdirSync(new URL('deploy/kubernetes/', root)).map((name) => `deploy/kubernetes/${name}`)

/** Every file that an operator may take over. */
export const deploymentFiles: readonly string[] = [
  'Dockerfile',
  'compose.yaml',
  ...readdirSync(new URL('deploy/', root), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replace(/^.*\/deploy\//, 'deploy/')),
]

/** The values of a directive: `Environment` of systemd, `ENV` of a Dockerfile, a line each. */
export function linesOf(path: string, directive: RegExp): string[] {
  return [...textOf(path).matchAll(new RegExp(`^\\s*${directive.source}(.*?);?$`, 'gm'))].map(([, value = '']) => value.trim())
}
