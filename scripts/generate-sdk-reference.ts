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
import { Application, LogLevel } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { writeOrCheck } from './generated-files.ts'

const sdk = fileURLToPath(new URL('../sdk/typescript/', import.meta.url))
const options = {
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  indexFormat: 'table',
} as const satisfies Partial<PluginOptions>

const out = mkdtempSync(join(tmpdir(), 'sdk-reference-'))
try {
  await write(out)
  const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  const pages = names.map((name) => [`docs/sdk-typescript/${name}`, readFileSync(join(out, name), 'utf8')])
  writeOrCheck(Object.fromEntries(pages), 'the SDK')
} finally {
  rmSync(out, { recursive: true })
}

async function write(out: string): Promise<void> {
  const app = await Application.bootstrapWithPlugins({
    name: 'The SDK for TypeScript',
    entryPoints: ['index.ts', 'browser/index.ts', 'generated/types.gen.ts'].map((name) => join(sdk, name)),
    tsconfig: join(sdk, 'tsconfig.json'),
    plugin: ['typedoc-plugin-markdown'],
    readme: 'none',
    router: 'module',
    disableSources: true,
    excludePrivate: true,
    excludeInternal: true,
    validation: { invalidLink: true, notExported: true },
    logLevel: LogLevel.Warn,
    out,
    ...options,
  })
  const project = await app.convert()
  if (!project) throw new Error('The SDK does not compile.')
  app.validate(project)
  if (app.logger.hasWarnings() || app.logger.hasErrors()) process.exitCode = 1
  await app.generateOutputs(project)
}
