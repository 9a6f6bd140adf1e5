import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildBefore } from '../built.ts'
import { type Gateway, startGateway } from '../gateway.ts'
import { installSdk, type Project } from './installed.ts'

/** The package as those have it who install it. */

buildBefore()
const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
let project: Project
let gateway: Gateway

beforeAll(async () => {
  project = await installSdk()
  gateway = await startGateway()
}, 120_000)

afterAll(async () => {
  await gateway.close()
  await project.remove()
})

describe('the package', () => {
  it('is what publint expects of one', async () => {
    const { messages, pkg } = await publint({ pkgDir: project.sdk, pack: false })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  it('holds what is built, and nothing else', () => {
    const names = filesIn(project.sdk).filter((name) => !/^dist\/.*\.(?:js|d\.ts)$/.test(name) && name !== 'README.md')
    expect(names).toEqual(['package.json'])
  })

  it('imports its parser of events and nothing else', () => {
    const statement = /^(?:import|export|\})(?:[^'"\n]*\bfrom)? ?['"]([^'".][^'"]*)['"]|\bimport\(['"]([^'".][^'"]*)['"]\)/gm
    const imports = filesIn(project.sdk)
      .filter((name) => /\.(?:js|d\.ts)$/.test(name))
      .flatMap((name) => [...readFileSync(join(project.sdk, name), 'utf8').matchAll(statement)])
      .map(([, name, lazy]) => name ?? lazy)
    expect(new Set(imports)).toEqual(new Set(['eventsource-parser']))
  })

  it('works in plain Node', async () => {
    await project.write(
      'main.js',
      `import { VAI, textOf } from '@vai/sdk'
      const vai = new VAI({ baseURL: process.argv[2], defaultModel: 'demo/echo' })
      const messages = [{ role: 'user', content: 'Hello' }]
      const answers = [textOf(await vai.messages.create({ messages })), await vai.messages.stream({ messages }).finalText()]
      const session = await vai.live.connect({ tts: { voice: 'demo/soft' } }).catch((error) => error)
      console.log(JSON.stringify([...answers, session.name ?? typeof session.send]))
      session.close?.()`,
    )
    // Whether there is a WebSocket depends on the version of Node.
    expect(JSON.parse(await project.node('main.js', gateway.url))).toEqual([
      'Hello',
      'Hello',
      expect.stringMatching(/UsageError|function/),
    ])
  })

  it('has types that hold by themselves', async () => {
    await project.write(
      'main.ts',
      `import { VAI, text, image, userMessage, type Message, type ProviderKeys } from '@vai/sdk'
      const vai = new VAI({ providerKeys: { anthropic: 'sk-test', 'my-own': 'sk-test' } satisfies ProviderKeys })
      export const answer: Promise<Message> = vai.messages.create({ messages: [userMessage(text('Hi'), image('https://x.test/a.png'))] })
      // @ts-expect-error: an image has no such type
      image({ bytes: new Uint8Array(), media_type: 'image/tiff' })
      // @ts-expect-error: there is no such option
      new VAI({ baseUrl: '' })
      for await (const event of vai.messages.stream({ messages: [] })) if (event.type === 'audio_chunk') event.seq.toFixed()`,
    )
    const compilerOptions = {
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      target: 'es2023',
      module: 'nodenext',
      lib: ['es2023', 'dom', 'dom.asynciterable'],
      types: [],
    }
    await project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['main.ts'] }))
    const check = promisify(execFile)(process.execPath, [tsc, '-p', project.folder], { timeout: 60_000 })
    expect(await check.catch(({ stdout }: { stdout: string }) => ({ stdout }))).toMatchObject({ stdout: '' })
  }, 60_000)
})

describe('the size of a bundle, compressed', () => {
  it('is below 15 kB for what is loaded with all of the index', async () => {
    const { eager, lazy } = await bundled("export * from '@vai/sdk'")
    expect(eager).toBeLessThan(15_000)
    // Live sessions come with the first of them.
    expect(lazy).toBeGreaterThan(1000)
    expect(lazy).toBeLessThan(8000)
  })

  it('is next to nothing for a helper alone', async () => {
    const stdin = { contents: "import { text } from '@vai/sdk'\nconsole.log(text('Hello'))", resolveDir: project.folder }
    const { outputFiles } = await build({ bundle: true, minify: true, format: 'esm', write: false, stdin })
    expect(outputFiles.map(({ text }) => gzipSync(text).length < 200)).toEqual([true])
  })
})

/** Bytes of what a program loads at once, and of what later. */
async function bundled(program: string): Promise<{ eager: number; lazy: number }> {
  const options = { bundle: true, minify: true, splitting: true, format: 'esm', metafile: true, write: false } as const
  const stdin = { contents: program, resolveDir: project.folder }
  const { outputFiles, metafile } = await build({ ...options, stdin, outdir: project.folder, absWorkingDir: project.folder })
  const first = eagerIn(metafile)
  const sizes = outputFiles.map(({ path, contents }) => ({
    isFirst: first.has(path.slice(project.folder.length + 1)),
    bytes: gzipSync(contents, { level: 9 }).length,
  }))
  const sum = (isFirst: boolean) => sizes.reduce((all, each) => all + (each.isFirst === isFirst ? each.bytes : 0), 0)
  return { eager: sum(true), lazy: sum(false) }
}

/** The entry, and what it imports in any way but by `import()`. */
function eagerIn({ outputs }: Metafile): Set<string> {
  const found = new Set(Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === '<stdin>'))
  for (const name of found) {
    for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === 'import-statement') found.add(path)
  }
  return found
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
}
