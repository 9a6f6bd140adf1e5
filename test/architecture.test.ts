import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { providers } from '../providers/index.ts'
import { presetNames } from '../providers/openai-compatible.ts'

/**
 * The arrows of the house, and who may go along them:
 *
 *   server → app → routes → plugins → tools → providers → api, with text and audio as leaves beside api
 *
 *   - A layer imports itself and what lies below. `config` stands beside `app`; `cli` and `workers` belong to `server`. `web` is what
 *     browsers load, which a route gives out and which knows none of the others.
 *   - A provider's folder knows no other provider's folder and no Fastify. Who serves which provider is known to
 *     `providers/index.ts` alone, which only `app` and `config` read.
 *   - A plugin is registered by `app` and by nobody else. Others reach it through its decorator and `import type`. A plugin takes
 *     nothing by value from another's file or folder; a route may also call the plain functions that stand beside a plugin.
 *   - Routes do not import each other, but for `v1`, which is the scope they stand in.
 *   - A pure kernel reaches nothing that is not pure, not even through others.
 *   - Connections to others are made by `plugins/egress` alone, which checks where they go; those of gRPC by a vendor's channels.
 *   - The SDK knows none of the others and no package but its parser of events; only `cli` uses it, as the package that it is.
 *   - No provider is compared by its name outside its own folder.
 */
function violations(files: ReadonlyMap<string, string>): string[] {
  const modules = new Map([...files].map(([path, text]) => [path, readModule(path, text)]))
  return [...modules.values()].flatMap((module) => [
    ...module.imports.flatMap((used) =>
      brokenArrow(module, used, modules).map((why) => `${module.path} → ${used.target}: ${why}`),
    ),
    ...impurities(module, modules).map((target) => `${module.path} → ${target}: a pure kernel`),
    ...module.comparedProviders
      .filter((id) => !belongsTo(module.path, id))
      .map((id) => `${module.path}: compares the provider's name ${id}`),
  ])
}

const layers: Readonly<Record<string, readonly string[]>> = {
  server: ['app', 'cli', 'workers', 'config', 'api', 'text'],
  cli: ['cli', 'app', 'config', 'plugins', 'tools', 'providers', 'api', 'text', 'audio'],
  workers: ['workers', 'app', 'cli', 'config', 'plugins', 'api', 'text'],
  app: ['routes', 'plugins', 'config', 'tools', 'providers', 'api', 'text', 'audio'],
  config: ['config', 'tools', 'providers', 'api', 'text'],
  routes: ['routes', 'plugins', 'tools', 'providers', 'web', 'api', 'text', 'audio'],
  plugins: ['plugins', 'tools', 'providers', 'api', 'text', 'audio'],
  tools: ['tools', 'providers', 'api', 'text', 'audio'],
  providers: ['providers', 'api', 'text', 'audio'],
  api: ['api', 'text', 'audio'],
  text: ['text'],
  audio: ['audio'],
  web: ['web'],
  sdk: ['sdk'],
}

const pureKernels = [
  /^api\/(?:accumulate|accumulator|events|param|error|issues|json|reading|schema-mismatch|usage)\.ts$/,
  /^(?:text|audio)\//,
  /^plugins\/messages\/(?:answer|compat|cost|extensions|need|validate)\.ts$/,
  /^plugins\/auth\/(?:allowances|document|principal)\.ts$/,
  /^plugins\/limits\/(?:allotment|decide|told)\.ts$/,
  /^plugins\/live\/(?:heard|history|timed-text)\.ts$/,
  /^plugins\/live\/(?:changes|client|conversation|diagram|effects|ending|filler|format|hearing|inputs|joint|measure|mic|model|move|playback|reduce|rules|seam|session|settle|state|tables|timers|turns|utterance|verdict|voice|words)\.ts$/,
  /^plugins\/models\/listing\.ts$/,
  /^plugins\/runs\/loop\.ts$/,
  /^plugins\/voice\/(?:asked|check|length|look|meter|need|plan|sound|way)\.ts$/,
  /^plugins\/voice\/speak\/(?:alignment|playback)\.ts$/,
  /^tools\/untrusted\.ts$/,
  /^plugins\/egress\/ranges\.ts$/,
  /^providers\/catalogue\/(?:catalogue|check|entry|read)\.ts$/,
  /^providers\/(?:blocks|capabilities|model-policy|registry)\.ts$/,
  /^providers\/[^/]+\/(?:capabilities|check|encode|grammar|messages|sample|stop-reason|tool-calls|usage)\.ts$/,
  /^providers\/(?:openai-chat|openai-responses|gemini)\/decode\.ts$/,
]
const impure = /^(?:node:|fastify|@fastify\/|pino|undici|api\/clock\.ts$)/

// ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function brokenArrow(module: Module, used: Import, modules: ReadonlyMap<string, Module>): string[] {
  const [from, to] = [layerOf(module.path), layerOf(used.target)]
  if (!used.isProject) {
    if (from === 'sdk' && used.target !== 'eventsource-parser') return ['the SDK needs nothing but its parser of events']
    if (used.target.startsWith('@vai/') && from !== 'cli') return ['the SDK is for clients']
    if (dials(module, used)) return ['what is outbound goes through egress']
    const isLeaf = from === 'providers' || from === 'tools'
    return isLeaf && /^(?:fastify|@fastify\/|pino)/.test(used.target)
      ? ['a provider or a tool knows no Fastify and no logger']
      : []
  }
  const problems: string[] = []
  if (!layers[from]?.includes(to)) problems.push(`${from} does not import ${to}`)
  const [own, other] = [folderOf(module.path), folderOf(used.target)]
  const isProviderTable = module.path === 'providers/index.ts' || module.path === 'providers/openai-compatible.ts'
  if (to === 'providers' && other !== undefined && other !== own && !isProviderTable)
    problems.push('an adapter is known to the table of providers alone')
  if (used.target === 'providers/index.ts' && !['app', 'config', 'cli'].includes(from))
    problems.push('the table of providers is for app and config')
  if (isTool(module.path) && isTool(used.target)) problems.push('a tool knows no other')
  if (used.target === 'tools/builtins.gen.ts' && !['app', 'config', 'cli'].includes(from))
    problems.push('the table of tools is for app and config')
  if (from === 'routes' && to === 'routes' && module.path !== 'routes/v1.ts') problems.push('routes do not import each other')
  if (to === 'plugins' && !['app', 'cli', 'workers'].includes(from) && roomOf(module.path) !== roomOf(used.target)) {
    const plugins = modules.get(used.target)?.plugins ?? []
    if (used.values.some((name) => plugins.includes(name))) problems.push('a plugin is reached through its decorator')
    else if (from === 'plugins' && used.values.length > 0) problems.push('another plugin is reached through its decorator')
  }
  return problems
}

/** Whether a file takes from Node or undici what connects to others. */
function dials({ path }: Module, { target, values }: Import): boolean {
  if (!['routes', 'plugins', 'tools', 'providers', 'api'].includes(layerOf(path)) || path.startsWith('plugins/egress/'))
    return false
  // gRPC makes its own connections. Where a vendor is reached by nothing else, they go where the operator says, as those of egress do.
  if (target === '@grpc/grpc-js') return values.length > 0 && !/^providers\/[^/]+\/channels\.ts$/.test(path)
  if (/^(?:undici(?:\/.*)?|ws|node:(?:https|http2|tls|dns|dns\/promises))$/.test(target)) return values.length > 0
  return /^node:(?:http|net)$/.test(target) && values.some((name) => dialing.has(name))
}

const dialing: ReadonlySet<string> = new Set(['*', 'default', 'Agent', 'Socket', 'connect', 'createConnection', 'get', 'request'])

/** What a pure kernel reaches by value that is not pure, directly or through others. */
function impurities(module: Module, modules: ReadonlyMap<string, Module>): string[] {
  if (!pureKernels.some((kernel) => kernel.test(module.path))) return []
  const found = new Set<string>()
  const seen = new Set<string>()
  const visit = ({ path, imports }: Module): void => {
    seen.add(path)
    for (const { target, values } of imports) {
      if (values.length === 0) continue
      if (impure.test(target)) found.add(target)
      const next = modules.get(target)
      if (next && !seen.has(target)) visit(next)
    }
  }
  visit(module)
  return [...found]
}

function layerOf(path: string): string {
  return path.split('/')[0]?.replace(/\.ts$/, '') ?? ''
}

/** The vendor's folder that a file lies in; what is known of all models belongs to no vendor. */
function folderOf(path: string): string | undefined {
  return /^providers\/(?!catalogue\/)([^/]+)\//.exec(path)?.[1]
}

function isTool(path: string): boolean {
  return path.startsWith('tools/builtins/')
}

/** A plugin: its folder, or its only file. */
function roomOf(path: string): string | undefined {
  return /^plugins\/[^/]+/.exec(path)?.[0]
}

/** Compiled checks compare what the contract has as values, which may be a provider's name too. */
function belongsTo(path: string, id: string): boolean {
  if (path.endsWith('.gen.ts')) return true
  const folder = folderOf(path)
  return folder === id || folder?.startsWith(`${id}-`) === true
}

// ── Reading modules ─────────────────────────────────────────────────────────────────────────────────────────────────────

interface Module {
  readonly path: string
  readonly imports: readonly Import[]
  /** The exports that are Fastify plugins: `export const x = fp(…)`. */
  readonly plugins: readonly string[]
  readonly comparedProviders: readonly string[]
}

interface Import {
  /** A path in the project, or a package's name. */
  readonly target: string
  readonly isProject: boolean
  /** What is imported by value, by its own name; none for `import type`. */
  readonly values: readonly string[]
}

function readModule(path: string, text: string): Module {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
  const imports: Import[] = []
  const plugins: string[] = []
  const comparedProviders: string[] = []
  const visit = (node: ts.Node): void => {
    if (
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      imports.push(
        importOf(path, node.moduleSpecifier.text, ts.isImportDeclaration(node) ? importedValues(node) : exportedValues(node)),
      )
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      if (argument && ts.isStringLiteral(argument)) imports.push(importOf(path, argument.text, ['*']))
    } else if (ts.isVariableDeclaration(node) && node.initializer && ts.isCallExpression(node.initializer)) {
      if (node.initializer.expression.getText() === 'fp') plugins.push(node.name.getText())
    } else if (ts.isBinaryExpression(node) && /^[!=]==?$/.test(node.operatorToken.getText())) {
      comparedProviders.push(...providerNames(node.left, node.right))
    } else if (ts.isCaseClause(node)) {
      comparedProviders.push(...providerNames(node.expression))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { path, imports, plugins, comparedProviders }
}

function importOf(from: string, specifier: string, values: readonly string[]): Import {
  if (!specifier.startsWith('.')) return { target: specifier, isProject: false, values }
  return { target: new URL(specifier, `file:///${from}`).pathname.slice(1), isProject: true, values }
}

function importedValues({ importClause }: ts.ImportDeclaration): string[] {
  if (!importClause) return ['*']
  if (importClause.isTypeOnly) return []
  const { name, namedBindings } = importClause
  const named =
    namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements.filter((element) => !element.isTypeOnly) : []
  const isWhole = namedBindings !== undefined && ts.isNamespaceImport(namedBindings)
  return [
    ...(name ? ['default'] : []),
    ...(isWhole ? ['*'] : []),
    ...named.map((element) => (element.propertyName ?? element.name).text),
  ]
}

function exportedValues({ isTypeOnly, exportClause }: ts.ExportDeclaration): string[] {
  if (isTypeOnly) return []
  if (!exportClause || !ts.isNamedExports(exportClause)) return ['*']
  return exportClause.elements
    .filter((element) => !element.isTypeOnly)
    .map((element) => (element.propertyName ?? element.name).text)
}

const ids = [...providers.map(({ id }) => id), ...presetNames]

function providerNames(...nodes: ts.Expression[]): string[] {
  return nodes.filter((node) => ts.isStringLiteral(node)).flatMap(({ text }) => (ids.includes(text) ? [text] : []))
}

/** Every source of the project; what only builds, tests or measures it stands outside. */
function sources(): Map<string, string> {
  const root = new URL('../', import.meta.url)
  const folders = Object.keys(layers).filter((layer) => !['server', 'app', 'config'].includes(layer))
  const inFolders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && folders.includes(entry.name))
    .flatMap(({ name }) =>
      readdirSync(new URL(name, root), { recursive: true, encoding: 'utf8' }).map((file) => `${name}/${file}`),
    )
  const paths = [...inFolders, 'server.ts', 'app.ts', 'config.ts'].filter(
    (path) => path.endsWith('.ts') && !path.includes('/dist/'),
  )
  return new Map(paths.map((path) => [path, readFileSync(new URL(path, root), 'utf8')]))
}

describe('the arrows of the architecture', () => {
  const all = sources()

  it('are kept by every file', () => {
    expect(violations(all)).toEqual([])
  })

  it('are looked for in every file there is, and in every kernel', () => {
    expect(all.size).toBeGreaterThan(60)
    for (const kernel of pureKernels.filter((pattern) => !pattern.source.includes('audio'))) {
      expect(
        [...all.keys()].some((path) => kernel.test(path)),
        kernel.source,
      ).toBe(true)
    }
  })

  it('leave no folder of the project out but those that build, test and measure it', () => {
    const known = [...Object.keys(layers), 'bench', 'deploy', 'dist', 'docs', 'examples', 'node_modules', 'scripts', 'test']
    const folders = readdirSync(new URL('../', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
    expect(folders.filter((folder) => !known.includes(folder))).toEqual([])
  })
})

describe('a broken arrow is seen where', () => {
  const plugin = "import fp from 'fastify-plugin'\nexport const other = fp(async () => {})\nexport function plain() {}"

  it.each<[string, Record<string, string>]>([
    ['api imports a provider', { 'api/a.ts': "import { x } from '../providers/http.ts'" }],
    ['text imports api', { 'text/a.ts': "import type { X } from '../api/error.ts'" }],
    ['a provider imports a plugin', { 'providers/x.ts': "import { x } from '../plugins/errors.ts'" }],
    ['a plugin imports a route', { 'plugins/a.ts': "export { x } from '../routes/health.ts'" }],
    ['a route imports the app', { 'routes/a.ts': "const { x } = await import('../app.ts')" }],
    ['a provider imports another', { 'providers/a/index.ts': "import { x } from '../b/index.ts'" }],
    ['a shared file imports a provider', { 'providers/http.ts': "import { x } from './anthropic/encode.ts'" }],
    ['a plugin imports an adapter', { 'plugins/a.ts': "import { x } from '../providers/anthropic/index.ts'" }],
    ['a route reads the table of providers', { 'routes/a.ts': "import { providers } from '../providers/index.ts'" }],
    ['the SDK imports the gateway', { 'sdk/typescript/a.ts': "import { x } from '../../api/error.ts'" }],
    ['the SDK imports Node', { 'sdk/typescript/a.ts': "import { readFileSync } from 'node:fs'" }],
    ['the gateway uses its client', { 'plugins/a.ts': "import { VAI } from '@vai/sdk'" }],
    ['a tool imports another', { 'tools/builtins/a.ts': "import { x } from './b.ts'" }],
    ['a tool imports Fastify', { 'tools/builtins/a.ts': "import type { FastifyRequest } from 'fastify'" }],
    ['a tool makes its own connections', { 'tools/services/a.ts': "import { fetch } from 'undici'" }],
    ['a tool imports a plugin', { 'tools/builtins/a.ts': "import type { X } from '../../plugins/errors.ts'" }],
    ['a plugin reads the table of tools', { 'plugins/a.ts': "import { builtins } from '../tools/builtins.gen.ts'" }],
    ['a provider imports Fastify', { 'providers/a/index.ts': "import type { FastifyRequest } from 'fastify'" }],
    ['a route imports another', { 'routes/a.ts': "import { x } from './b.ts'" }],
    [
      'a route takes a plugin itself',
      { 'routes/a.ts': "import { other } from '../plugins/other.ts'", 'plugins/other.ts': plugin },
    ],
    [
      'a plugin takes a function from beside a plugin',
      { 'plugins/a.ts': "import { plain } from './other.ts'", 'plugins/other.ts': plugin },
    ],
    [
      'a plugin takes a function from the folder of another',
      { 'plugins/a.ts': "import { plain } from './b/c.ts'", 'plugins/b/c.ts': 'export function plain() {}' },
    ],
    [
      'a plugin reaches into the folder of another that is one',
      { 'plugins/a/b.ts': "import { other as mine } from '../c/index.ts'", 'plugins/c/index.ts': plugin },
    ],
    ['a kernel imports Node', { 'text/a.ts': "import { readFileSync } from 'node:fs'" }],
    ['a kernel imports the clock', { 'api/accumulate.ts': "import { systemClock } from './clock.ts'" }],
    [
      'a kernel reaches Node through another',
      {
        'providers/a/encode.ts': "import { newId } from '../../api/id.ts'",
        'api/id.ts': "import { randomBytes } from 'node:crypto'",
      },
    ],
    ['a provider is compared by its name', { 'plugins/a.ts': "if (provider.id === 'anthropic') go()" }],
    ['a provider is told from others by its name', { 'routes/a.ts': "switch (id) { case 'openai': go() }" }],
    ['a provider makes its own connections', { 'providers/a/index.ts': "import { fetch } from 'undici'" }],
    [
      'a provider speaks gRPC elsewhere than in its channels',
      { 'providers/a/index.ts': "import { Client } from '@grpc/grpc-js'" },
    ],
    ['a plugin makes its own', { 'plugins/a.ts': "import Agent from 'undici/lib/dispatcher/agent.js'" }],
    ['a plugin makes its own connections', { 'plugins/a.ts': "import { request } from 'node:http'" }],
    ['a preset is compared by its name', { 'cli/a.ts': "const is = provider.id === 'ollama'" }],
    ['one provider compares the name of another', { 'providers/openai-chat/x.ts': "const is = 'anthropic' !== id" }],
  ])('%s', (_, files) => {
    expect(violations(new Map(Object.entries(files)))).toHaveLength(1)
  })

  it.each<[string, Record<string, string>]>([
    [
      'a plugin knows the type of another',
      { 'plugins/a.ts': "import type { Other } from './other.ts'", 'plugins/other.ts': plugin },
    ],
    [
      'a route calls a plain function beside a plugin',
      { 'routes/a.ts': "import { plain } from '../plugins/other.ts'", 'plugins/other.ts': plugin },
    ],
    ['the app registers a plugin', { 'app.ts': "import { other } from './plugins/other.ts'", 'plugins/other.ts': plugin }],
    ['a kernel knows the type of the clock', { 'providers/a/encode.ts': "import type { Clock } from '../../api/clock.ts'" }],
    ['a provider has channels of gRPC', { 'providers/a/channels.ts': "const grpc = await import('@grpc/grpc-js')" }],
    ['egress makes connections', { 'plugins/egress/a.ts': "import { Agent } from 'undici'" }],
    ['a provider knows the type of a connection', { 'providers/a/index.ts': "import type { Dispatcher } from 'undici'" }],
    ['a provider compares its own name', { 'providers/openai-chat/x.ts': "const is = id === 'openai'" }],
    ['a name is compared that is no provider', { 'plugins/a.ts': "const is = mode === 'byok'" }],
  ])('but not where %s', (_, files) => {
    expect(violations(new Map(Object.entries(files)))).toEqual([])
  })
})
