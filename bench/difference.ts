/**
 * Where `actual` lacks something of `expected`: a path and what is wrong there; undefined where nothing is lost.
 *
 * Objects may hold more than expected, arrays may not. Where `undefined` is expected, anything will do.
 */
export function difference(expected: unknown, actual: unknown, path = '$'): string | undefined {
  if (expected === undefined) return undefined
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${path}: not an array`
    if (actual.length !== expected.length) return `${path}: ${actual.length} items, not ${expected.length}`
    return first(expected.map((item, index) => () => difference(item, actual[index], `${path}[${index}]`)))
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return `${path}: not an object`
    return first(
      Object.entries(expected).map(
        ([key, item]) =>
          () =>
            difference(item, actual[key], `${path}.${key}`),
      ),
    )
  }
  if (expected === actual) return undefined
  return `${path}: ${excerpt(actual)}, not ${excerpt(expected)}`
}

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const found = check()
    if (found) return found
  }
  return undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function excerpt(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 120)
}
