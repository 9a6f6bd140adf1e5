import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { builtins } from '../../tools/builtins.gen.ts'
import { servicesOf } from '../../tools/services.ts'

const contract = Object(parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')))
const runs = ['/v1/runs', '/v1/runs:stream']

/** The headers that an operation of the contract knows. */
function headersOf(path: string): unknown[] {
  const parameters: readonly unknown[] = Object(Object(contract.paths)[path]).post.parameters
  return parameters.map((parameter) => {
    const name = String(Object(parameter).$ref).split('/').at(-1) ?? ''
    const { in: place, name: header } = Object(Object(contract.components.parameters)[name] ?? parameter)
    return place === 'header' ? header : undefined
  })
}

describe('the services that tools ask', () => {
  const services = servicesOf(builtins)

  it('are there', () => expect(services.length).toBeGreaterThanOrEqual(4))

  it.each(services.flatMap(({ id, upstream: { keyHeader } }) => runs.map((path) => [id, path, keyHeader] as const)))(
    '%s has the header of its key in the contract of %s',
    (_, path, keyHeader) => {
      const missing = `openapi.yaml: add the parameter ${keyHeader} to components.parameters, and to those of ${path}`
      expect(headersOf(path), missing).toContain(keyHeader)
    },
  )
})
