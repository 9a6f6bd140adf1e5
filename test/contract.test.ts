import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { operations } from '../api/operations.gen.ts'
import { allSchemas } from '../api/schemas.gen.ts'
import { bodyValidators } from '../api/validators.gen.ts'
import { problemsWith } from './contract-schemas.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { eventsIn } from './runs/run.ts'

const yaml = readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')
const document: unknown = parse(yaml)

interface Example {
  /** Where it stands in the document. */
  readonly path: string
  readonly mediaType: string
  /** The schema's name; undefined where the media type has none of the contract's. */
  readonly schema: string | undefined
  readonly value: unknown
}

/** Every value under `examples`, wherever a media type has them. */
function* examplesIn(node: unknown, path: string): Generator<Example> {
  for (const [key, value] of Object.entries(Object(node))) {
    const here = `${path}/${key}`
    if (key === 'content') {
      for (const [mediaType, media] of Object.entries(Object(value))) {
        const schema = refName(Object(media).schema)
        for (const [name, example] of Object.entries(Object(Object(media).examples))) {
          yield { path: `${here}/${name}`, mediaType, schema, value: Object(example).value }
        }
      }
    } else if (typeof value === 'object' && key !== 'schemas') {
      yield* examplesIn(value, here)
    }
  }
}

function refName(schema: unknown): string | undefined {
  const { $ref } = Object(schema)
  return typeof $ref === 'string' ? $ref.replace('#/components/schemas/', '') : undefined
}

const examples = [...examplesIn(document, '')]
const jsonExamples = examples.filter(({ mediaType }) => mediaType === 'application/json')
const requests = jsonExamples.filter(({ path }) => path.includes('/requestBody/'))
const liveExamples = examples.filter(({ mediaType }) => mediaType.startsWith('application/vnd.vai.live.'))
const clientExamples = liveExamples.filter(({ schema }) => schema === 'LiveClientMessage')

describe('openapi.yaml', () => {
  it('has examples of requests, of answers and of errors', () => {
    expect(requests.length).toBeGreaterThanOrEqual(3)
    expect(jsonExamples.filter(({ schema }) => schema === 'Message').length).toBeGreaterThanOrEqual(1)
    expect(jsonExamples.filter(({ schema }) => schema === 'ErrorResponse').length).toBeGreaterThanOrEqual(1)
  })

  it.each(jsonExamples)('$path fits its schema', ({ schema, value }) => {
    expect(schema).toBeDefined()
    expect(problemsWith(schema ?? '', value)).toEqual([])
  })

  it.each(requests)('$path is a request that the server takes', ({ schema, value }) => {
    const check = bodyValidators[schema ?? '']
    expect(check?.(value), JSON.stringify(check?.errors)).toBe(true)
    expect(check?.({ ...Object(value), no_such_field: 1 })).toBe(false)
  })

  it.each(liveExamples)('$path fits its schema', ({ schema, value }) => {
    expect(problemsWith(schema ?? '', value)).toEqual([])
  })

  it.each(clientExamples)('$path is a message that the server takes', ({ value }) => {
    const check = bodyValidators.LiveClientMessage
    expect(check?.(value), JSON.stringify(check?.errors)).toBe(true)
    expect(check?.({ ...Object(value), no_such_field: 1 })).toBe(false)
  })

  it.each(['LiveClientMessage', 'LiveServerMessage'])('has an example of every %s', (union) => {
    const schemas = Object(Object(Object(document).components).schemas)
    const types: string[] = schemas[union].oneOf.map((branch: unknown) => schemas[refName(branch) ?? ''].properties.type.const)
    const shown = liveExamples.filter(({ schema }) => schema === union).map(({ value }) => Object(value).type)
    expect([...new Set(shown)].sort()).toEqual(types.sort())
  })

  it('has a check for every schema that it names, and no others', () => {
    const named = Object.keys(Object(Object(Object(document).components).schemas))
    expect(allSchemas.map(({ $id }) => $id).sort()).toEqual(named.sort())
    expect(named.length).toBeGreaterThan(50)
  })

  it('has every operation in the table of operations', () => {
    const inDocument = Object.entries(Object(Object(document).paths)).flatMap(([path, methods]) =>
      Object.entries(Object(methods)).map(
        ([method, operation]) => `${Object(operation).operationId}: ${method.toUpperCase()} ${path}`,
      ),
    )
    const inTable = Object.entries(operations).map(([id, { method, path }]) => `${id}: ${method} ${path}`)
    expect(inTable.sort()).toEqual(inDocument.sort())
  })
})

describe('the server', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway()
  })
  afterAll(() => gateway.close())

  /** `METHOD /path` of every route, as Fastify tells them; HEAD comes with every GET. */
  function routes(): string[] {
    const segments: string[] = []
    return (
      gateway.app
        .printRoutes({ commonPrefix: false })
        .split('\n')
        .flatMap((line) => {
          const found = /^([│ ├└─]*)(\S.*?) \(([A-Z, ]+)\)$/.exec(line) ?? /^([│ ├└─]*)(\S.*)$/.exec(line)
          if (!found) return []
          const [, indent = '', segment = '', methods = ''] = found
          segments.splice(Math.max(0, indent.length / 4 - 1), Infinity, segment)
          const path = segments.join('')
          return methods
            .split(', ')
            .filter((method) => method !== '' && method !== 'HEAD')
            .map((method) => `${method} ${path}`)
        })
        // The documentation, and the scripts and styles of pages.
        .filter((route) => !/ \/docs(?:\/|$)| \/demo\/[^/]+\.(?:css|js)$/.test(route))
    )
  }

  /** A model's id has slashes, so that its route ends in a wildcard; before one, Fastify's list leaves the slash out. */
  const documented = Object.values(operations).map(({ method, path }) => `${method} ${path.replace('/{model_id}', '*')}`)

  it('has a route for every operation, and an operation for every route but those of the documentation', () => {
    expect(routes().sort()).toEqual(documented.sort())
  })

  it('answers every operation with a status that the contract names', async () => {
    for (const { method, path, responses } of Object.values(operations)) {
      const response = await fetch(gateway.url + path.replace('{model_id}', 'demo/echo'), {
        method,
        ...(method === 'POST' && { body: '{}', headers: { 'content-type': 'application/json' } }),
      })
      // What is no JSON has no schema, and stands in the document alone.
      const named = [...Object.keys(responses), ...(/^\/(?:openapi|asyncapi|metrics|demo)/.test(path) ? ['200'] : [])]
      expect(named, `${method} ${path}`).toContain(String(response.status))
      const schema = new Map<string, string>(Object.entries(responses)).get(String(response.status))
      if (schema) expect(problemsWith(schema, await response.json())).toEqual([])
    }
  })

  it('tells the contract as it is written', async () => {
    const text = await fetch(`${gateway.url}/openapi.yaml`)
    expect(await text.text()).toBe(yaml)
    const json = await fetch(`${gateway.url}/openapi.json`)
    expect(json.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await json.json()).toEqual(document)
  })

  it.each(requests.filter(({ value }) => modelOf(value).startsWith('demo/')))('answers $path', async ({ path, value }) => {
    const route = /(\/v1\/[^/]+(?:\/count_tokens)?)\/post\//.exec(path)?.[1] ?? ''
    const response = await gateway.post(value, {}, route)
    expect(response.status, await response.clone().text()).toBe(200)
    if (route === '/v1/runs') expect(problemsWith('RunResponse', await response.json())).toEqual([])
    if (route === '/v1/runs:stream') expect(eventsIn(await response.text()).at(-1)?.type).toBe('run_complete')
  })
})

/** The model that a request asks, itself or in the request within it. */
function modelOf(value: unknown): string {
  const { model, request } = Object(value)
  return String(model ?? Object(request).model)
}
