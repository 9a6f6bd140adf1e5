import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, type TestContext, test } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import { Deadline, Failed, outputOf, Unavailable } from './command.ts'
import { type Build, buildGo, buildJava, buildPython, buildTypeScript } from './languages.ts'
import { laterGateway } from './later-gateway.ts'
import { complaintsAbout, fetchGenerator, generateClients } from './openapi-generator.ts'
import { generatorVersion, says } from './page.ts'

/** What a client makes of answers that have gained what it does not know. */
interface Leniency {
  /** Whether it takes an answer with a new kind of block. */
  readonly block: boolean
  /** What it reads a new reason to stop as, where it takes the answer. */
  readonly reason: string | undefined
}

/** In which everything has to be fetched that is not in the machine's stores; what has not come by then is a reason to skip. */
const fetchSeconds = 150
/** As long as fetching, and then generating or compiling, and the programs may take, which have limits of their own. */
const timeout = 330_000
const document = fileURLToPath(new URL('../../openapi.yaml', import.meta.url))
const openapiTs = fileURLToPath(new URL('../../node_modules/@hey-api/openapi-ts', import.meta.url))
const { version: openapiTsVersion }: { version: string } = JSON.parse(readFileSync(join(openapiTs, 'package.json'), 'utf8'))

let gateway: Gateway
let folder: string
let deadline: Deadline
/** The clients of openapi-generator, each in a folder with its name. */
let generated: Promise<void>

beforeAll(async () => {
  gateway = await startGateway({ routes: laterGateway })
  folder = await mkdtemp(join(tmpdir(), 'clients-'))
  deadline = new Deadline(fetchSeconds)
  generated = generate()
  // Whoever waits for it hears of it.
  generated.catch(() => undefined)
  return async () => {
    await generated.catch(() => undefined)
    await gateway.close()
    await rm(folder, { recursive: true, force: true })
  }
})

describe.concurrent(`clients by openapi-generator ${generatorVersion}`, () => {
  const clients: readonly [string, string, Build, Leniency][] = [
    ['TypeScript (typescript-fetch)', 'typescript-fetch', buildTypeScript, { block: true, reason: 'tired' }],
    ['Python', 'python', buildPython, { block: false, reason: undefined }],
    ['Go', 'go', buildGo, { block: true, reason: 'unknown_default_open_api' }],
    ['Java (native)', 'java', buildJava, { block: false, reason: 'unknown_default_open_api' }],
  ]
  for (const [name, client, build, leniency] of clients) {
    test(`${name}: compiles, creates messages, lists models, makes a run and has errors with types`, { timeout }, (context) =>
      unlessUnavailable(context, async () => {
        await generated
        await serves(context, build, join(folder, client), leniency)
      }),
    )
  }

  test('nothing is to be said against the document', { timeout }, (context) =>
    unlessUnavailable(context, async () => {
      await generated
      context.expect(await complaintsAbout(document, folder)).toContain('No validation issues detected.')
    }),
  )
})

describe.concurrent(`a client by @hey-api/openapi-ts ${openapiTsVersion}`, () => {
  test('TypeScript: compiles, creates messages, lists models, makes a run and has errors with types', {
    timeout,
  }, async (context) => {
    context.expect(says(`@hey-api/openapi-ts@${openapiTsVersion}`)).toBe(true)
    const target = join(folder, 'openapi-ts')
    await mkdir(target)
    const generate = ['-i', document, '-o', 'client', '-c', '@hey-api/client-fetch', '--no-log-file']
    await outputOf(process.execPath, [join(openapiTs, 'bin/run.js'), ...generate], { folder: target })
    await serves(context, buildTypeScript, target, { block: true, reason: 'tired' })
  })
})

async function generate(): Promise<void> {
  await fetchGenerator(folder, deadline)
  const headings = { 'typescript-fetch': 'typescript-fetch', Python: 'python', Go: 'go', Java: 'java' }
  const folders = Object.entries(headings).map(([heading, name]) => [heading, join(folder, name)])
  await generateClients(document, Object.fromEntries(folders), folder)
}

/** Runs the program of a client, which writes what it was told, against the gateway, and against what the gateway may be later. */
async function serves({ expect }: TestContext, build: Build, target: string, { block, reason }: Leniency): Promise<void> {
  const run = await build(target, deadline)
  const told = async (path: string): Promise<unknown> => JSON.parse(await run(`${gateway.url}${path}`))
  const models: { data: unknown[] } = JSON.parse(await (await fetch(`${gateway.url}/v1/models`)).text())
  const expected = {
    text: 'Hello, gateway!',
    stop_reason: 'end_turn',
    input_tokens: expect.any(Number),
    calls: [{ name: 'get_weather', input: { city: expect.any(String) } }],
    models: models.data.length,
    model: { id: 'demo/echo', demo: true, created: expect.any(Number) },
    run: { stop_reason: 'end_turn', turn_count: 1, roles: ['user', 'assistant'] },
    error: {
      status: 400,
      type: 'invalid_request_error',
      param: 'messages[0].content[0].tool_use_id',
      code: 'tool_use_not_found',
      request_id: expect.stringMatching(/^req_/),
    },
  }
  expect(await told('')).toEqual(expected)
  expect(await told('/with-fields')).toEqual(expected)
  if (block) expect(await told('/with-blocks')).toEqual(expected)
  else await expect(told('/with-blocks')).rejects.toThrow(Failed)
  if (reason !== undefined) expect(await told('/with-reasons')).toEqual({ ...expected, stop_reason: reason })
  else await expect(told('/with-reasons')).rejects.toThrow(Failed)
}

async function unlessUnavailable({ skip, task }: TestContext, body: () => Promise<void>): Promise<void> {
  try {
    await body()
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    process.stdout.write(`Skipped: ${task.name}. ${error.message}\n`)
    skip(error.message)
  }
}
