/**
 * Makes the reference of the SDK, `docs/sdk-typescript/`, from its types and their comments.
 *
 *   npm run generate            write the pages
 *   npm run drift               fail when the committed pages are not what the sources say, or a comment links to nothing
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Application,
  Comment,
  CommentTag,
  type Context,
  Converter,
  type DeclarationReflection,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
} from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { writeOrCheck } from './generated-files.ts'

const sdk = fileURLToPath(new URL('../sdk/typescript/', import.meta.url))

/** The modules by what they are called in the sources: the name of the page, and what is on it. */
const pages: ReadonlyMap<string, readonly [name: string, about: string]> = new Map([
  ['index', ['client', '`@vai/sdk`: the client, its streams, errors and live sessions']],
  ['browser', ['browser', '`@vai/sdk/browser`: a player and a microphone for pages']],
  ['generated/types.gen', ['types', 'The types of the contract, which `@vai/sdk` exports as well']],
])

/** The chapters of the client's page, in their order, by the files that what is in them comes from. */
const chapters: readonly (readonly [title: string, files: RegExp])[] = [
  ['The client', /^(?:client|options)\.ts$/],
  ['Requests', /^(?:messages|runs|models|transport)\.ts$/],
  ['Streams', /^stream\/(?!sound)|^generated\/accumulator/],
  ['Blocks and messages', /^blocks\.ts$/],
  ['Sound of answers', /^stream\/sound\.ts$/],
  ['Live sessions', /^live(?:\/session)?\.ts$/],
  ['Events of live sessions', /^live\/event\.ts$/],
  ['Players, microphones and sockets of live sessions', /^live\//],
  ['Errors', /^errors\.ts$/],
]

/** The page that leads to the others. */
const contents = `# Reference of the SDK for TypeScript

Every export with its members, made from the sources and their comments. [The SDK's README](../../sdk/typescript/README.md) is what to read first:
it tells how all of this goes together.

${[...pages.values()].map(([name, about]) => `- [${name}](${name}.md): ${about}`).join('\n')}
`

const options = {
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  indexFormat: 'table',
  tableColumnSettings: { hideDefaults: true, hideInherited: true, hideModifiers: true, hideOverrides: true },
} as const satisfies Partial<PluginOptions>

const out = mkdtempSync(join(tmpdir(), 'sdk-reference-'))
try {
  await write(out)
  const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  const texts = names.map((name) => [`docs/sdk-typescript/${name}`, textOf(name)])
  writeOrCheck(Object.fromEntries(texts), 'the SDK')
} finally {
  rmSync(out, { recursive: true })
}

function textOf(name: string): string {
  return name === 'README.md' ? contents : readFileSync(join(out, name), 'utf8')
}

async function write(out: string): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    name: 'Reference of the SDK for TypeScript',
    entryPoints: ['index.ts', 'browser/index.ts', 'generated/types.gen.ts'].map((name) => join(sdk, name)),
    tsconfig: join(sdk, 'tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    router: 'module',
    sort: ['source-order'],
    categorizeByGroup: false,
    categoryOrder: chapters.map(([title]) => title),
    disableSources: true,
    excludeExternals: true,
    excludePrivate: true,
    excludeProtected: true,
    excludeInternal: true,
    validation: { invalidLink: true, notExported: true },
    logLevel: LogLevel.Warn,
    out,
    ...options,
  })
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => edit(project))
  // Late enough to know what is inherited, and before it is put in order.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }: Context) => leaveOutInherited(project), -10)
  const project = await app.convert()
  if (!project) throw new Error('The SDK does not compile.')
  app.validate(project)
  if (app.logger.hasWarnings() || app.logger.hasErrors()) process.exitCode = 1
  await app.generateOutputs(project)
}

function edit(project: ProjectReflection): void {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    const page = pages.get(module.name)
    if (!page) throw new Error(`There is no page for ${module.name}.`)
    const [name, about] = page
    module.name = name
    module.comment = new Comment([{ kind: 'text', text: about }])
    if (name === 'client') for (const member of module.children ?? []) assign(member)
  }
  for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
    // What is taken apart as it comes has no name in the sources.
    if (reflection.name === '__namedParameters') reflection.name = 'options'
  }
}

/** What a class has from another stands there, where that is on a page. */
function leaveOutInherited(project: ProjectReflection): void {
  const members = ReflectionKind.Constructor | ReflectionKind.Property | ReflectionKind.Accessor | ReflectionKind.Method
  for (const reflection of project.getReflectionsByKind(members)) {
    const isOfClass = reflection.isDeclaration() && reflection.parent?.kindOf(ReflectionKind.Class)
    if (isOfClass && reflection.inheritedFrom?.reflection) project.removeReflection(reflection)
  }
}

/** Says which chapter a member of the client's page belongs to. */
function assign(member: DeclarationReflection): void {
  const file = member.project.getSymbolIdFromReflection(member)?.packagePath ?? ''
  const chapter = chapters.find(([, files]) => files.test(file))
  if (!chapter) return
  const comment = member.comment ?? member.signatures?.[0]?.comment ?? new Comment()
  comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: chapter[0] }]))
  if (!member.signatures) member.comment = comment
}
