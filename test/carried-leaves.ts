import { isRecord } from '../api/json.ts'

/**
 * A request's values by the names that they stand under, to find again in what a provider was sent what the caller said: a value
 * may move to another place, but not change, nor change its meaning. Names are compared without their case and their underscores.
 * What only says which kind a thing is (`type`, `role`) counts under the name of the thing.
 */

/** Those that one body has and another has not, or has less often. */
export function leavesOf(body: unknown, without: unknown): string[] {
  const rest = leaves(without, '')
  return leaves(body, '').filter((leaf) => {
    const at = rest.indexOf(leaf)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

/** Those of the thing that a path of an issue, `messages[0].content[0].type`, stands for. Its kind counts where it is all of it. */
export function leavesAt(request: unknown, path: string): string[] {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '')
  const thing = kinds.has(steps.at(-1) ?? '') ? steps.slice(0, -1) : steps
  const value = thing.reduce<unknown>((at, step) => (isRecord(at) || Array.isArray(at) ? Object(at)[step] : undefined), request)
  const name = thing.findLast((step) => !/^\d+$/.test(step)) ?? ''
  const inner = leaves(withoutKinds(value), name)
  const all = inner.length > 0 ? inner : leaves(value, name)
  if (all.length === 0) throw new Error(`nothing is said at ${path}`)
  return all
}

function leaves(value: unknown, name: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, name))
  if (isRecord(value)) return Object.entries(value).flatMap(([key, item]) => leaves(item, kinds.has(key) ? name : key))
  return value === undefined ? [] : [`${name.replaceAll('_', '').toLowerCase()}: ${JSON.stringify(value)}`]
}

function withoutKinds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKinds)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (kinds.has(key) ? [] : [[key, withoutKinds(item)]])))
}

const kinds: ReadonlySet<string> = new Set(['type', 'role'])
