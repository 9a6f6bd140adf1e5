#!/usr/bin/env node
import closeWithGrace from 'close-with-grace'
import { systemClock } from './api/clock.ts'
import { type Arguments, type KeysArguments, readArguments } from './cli/arguments.ts'
import { banner } from './cli/banner.ts'
import type { ChatArguments } from './cli/chat/options.ts'
import { buildGateway, exitCodeOf, reasonOf, version } from './cli/gateway.ts'
import type { LiveTalkArguments } from './cli/live/options.ts'
import type { LiveReplayArguments } from './cli/live-replay.ts'
import { lookForOllama } from './cli/ollama.ts'
import { settingsTable } from './cli/settings-table.ts'
import { usages } from './cli/usage.ts'
import { type Config, loadConfig } from './config.ts'

/** The process: reads its arguments and its environment, listens, and ends gracefully. */

try {
  await run(readArguments(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`vai: ${reasonOf(error)}\n`)
  process.exitCode = exitCodeOf(error)
}

function run(args: Arguments): void | Promise<void> {
  const { configFile } = args
  switch (args.command) {
    case 'help':
      return print(usages[args.topic])
    case 'version':
      return print(version)
    case 'config':
      return loadConfig(process.env, configFile).then((config) => print(settingsTable(config)))
    case 'keys':
      return keys(args.keys, configFile)
    case 'chat':
      return chat(args.chat)
    case 'live':
      return live(args.talk)
    case 'live-replay':
      return liveReplay(args.replay)
    case 'serve':
      return serve(configFile)
  }
}

async function keys(args: KeysArguments, file: string | undefined): Promise<void> {
  const { runKeys } = await import('./cli/keys.ts')
  print(await runKeys(args, await loadConfig(process.env, file), systemClock.wallclock()))
}

async function chat(args: ChatArguments): Promise<void> {
  const { runChat } = await import('./cli/chat/run.ts')
  // Whoever reads has read enough, as `head` does.
  process.stdout.once('error', () => process.exit(1))
  process.exitCode = await runChat(args, { streams: process, environment: process.env, onSignal })
}

async function live(talk: LiveTalkArguments): Promise<void> {
  const { runLive } = await import('./cli/live/run.ts')
  // Whoever reads has read enough, as `head` does.
  process.stdout.once('error', () => process.exit(1))
  process.exitCode = await runLive(talk, {
    streams: process,
    environment: process.env,
    platform: process.platform,
    version,
    clock: systemClock,
    onSignal,
  })
}

/** Calls back for each signal to end; gives what stops that. */
function onSignal(listener: (signal: NodeJS.Signals) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}

async function liveReplay(args: LiveReplayArguments): Promise<void> {
  const { runLiveReplay } = await import('./cli/live-replay.ts')
  // Whoever reads has read enough, as `head` does.
  process.stdout.once('error', () => process.exit(1))
  if (!(await runLiveReplay(args, version, write))) process.exitCode = 1
}

async function serve(file: string | undefined): Promise<void> {
  const config = await loadConfig(process.env, file)
  if (config.workers === 1) return print(await runAlone(config))
  // Who has one process need not wait for what several need.
  const { runPrimary } = await import('./workers/primary.ts')
  print(await runPrimary(config, file))
}

/** Resolves with the banner once it answers. */
async function runAlone(config: Config): Promise<string> {
  const ollama = lookForOllama(config)
  const app = await buildGateway(config)
  await app.listen({ host: config.host, port: config.port })
  // Not before: a process that could not listen has nothing to drain, and must not end as if all were well.
  closeWithGrace({ delay: config.drain_ms + 5000, logger: app.log }, async ({ err, signal }) => {
    if (err) app.log.error({ err }, 'the process ends after an error')
    else app.log.info({ signal }, 'draining')
    await app.drain.start()
    await app.close()
  })
  return banner(app, config, version, await ollama)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Resolves once there is room for more. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
}
