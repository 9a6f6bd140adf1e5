#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import closeWithGrace from 'close-with-grace'
import { systemClock } from './api/clock.ts'
import { buildApp, operatorKeysFrom, variablesOf } from './app.ts'
import { type Arguments, type KeysArguments, readArguments } from './cli/arguments.ts'
import { banner } from './cli/banner.ts'
import { lookForOllama } from './cli/ollama.ts'
import { settingsTable } from './cli/settings-table.ts'
import { keysUsage, usage } from './cli/usage.ts'
import { ConfigError, loadConfig } from './config.ts'

/** The process: reads its arguments and its environment, listens, and ends gracefully. */

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'))

try {
  await run(readArguments(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`vai: ${reasonOf(error)}\n`)
  process.exitCode = error instanceof ConfigError ? 2 : 1
}

function run(args: Arguments): void | Promise<void> {
  const { configFile } = args
  switch (args.command) {
    case 'help':
      return print(args.topic === 'keys' ? keysUsage : usage)
    case 'version':
      return print(version)
    case 'config':
      return loadConfig(process.env, configFile).then((config) => print(settingsTable(config)))
    case 'keys':
      return keys(args.keys, configFile)
    case 'serve':
      return serve(configFile)
  }
}

async function keys(args: KeysArguments, file: string | undefined): Promise<void> {
  const { runKeys } = await import('./cli/keys.ts')
  print(await runKeys(args, await loadConfig(process.env, file), systemClock.wallclock()))
}

async function serve(file: string | undefined): Promise<void> {
  const config = await loadConfig(process.env, file)
  const ollama = lookForOllama(config)
  const operatorKeys = operatorKeysFrom(process.env, config.providers)
  const app = await buildApp(config, {
    operatorKeys,
    variable: variablesOf(process.env),
    version,
    contract: packageFile('openapi.yaml'),
  })
  await app.listen({ host: config.host, port: config.port })
  // Not before: a process that could not listen has nothing to drain, and must not end as if all were well.
  closeWithGrace({ delay: config.drain_ms + 5000, logger: app.log }, async ({ err, signal }) => {
    if (err) app.log.error({ err }, 'the process ends after an error')
    else app.log.info({ signal }, 'draining')
    await app.drain.start()
    await app.close()
  })
  print(banner(app, config, version, await ollama))
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE' && 'address' in error && 'port' in error) {
    return `port ${error.port} on ${error.address} is in use by another process; set VAI_PORT to a free one.`
  }
  return error.message
}

/** A file of the package, whether this runs from `dist/` or from the sources. */
function packageFile(name: string): URL {
  return new URL(import.meta.url.includes('/dist/') ? `../${name}` : name, import.meta.url)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
