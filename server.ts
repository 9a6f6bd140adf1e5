#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import closeWithGrace from 'close-with-grace'
import { buildApp, operatorKeysFrom } from './app.ts'
import { banner } from './cli/banner.ts'
import { settingsTable } from './cli/settings-table.ts'
import { usage } from './cli/usage.ts'
import { ConfigError, loadConfig } from './config.ts'

/** The process: reads its arguments and its environment, listens, and ends gracefully. */

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'))

try {
  await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`vai: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof ConfigError ? 2 : 1
}

async function run(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
      config: { type: 'string', short: 'c' },
    },
  })
  const [command, ...rest] = positionals
  if (values.version) return print(version)
  if (values.help || command === undefined || command === 'help') return print(usage)
  if (rest.length > 0) throw new ConfigError([`${rest.join(' ')} is not understood; see vai --help.`])
  if (command === 'config') return print(settingsTable(await loadConfig(process.env, values.config)))
  if (command === 'serve') return serve(values.config)
  throw new ConfigError([`${command} is not a command; see vai --help.`])
}

async function serve(file: string | undefined): Promise<void> {
  const config = await loadConfig(process.env, file)
  const operatorKeys = operatorKeysFrom(process.env)
  const app = await buildApp(config, { operatorKeys, version, contract: packageFile('openapi.yaml') })
  closeWithGrace({ delay: config.drain_ms + 5000, logger: app.log }, async ({ err, signal }) => {
    if (err) app.log.error({ err }, 'the process ends after an error')
    else app.log.info({ signal }, 'draining')
    await app.drain.start()
    await app.close()
  })
  await app.listen({ host: config.host, port: config.port })
  print(banner(app, config, version))
}

/** A file of the package, whether this runs from `dist/` or from the sources. */
function packageFile(name: string): URL {
  return new URL(import.meta.url.includes('/dist/') ? `../${name}` : name, import.meta.url)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
