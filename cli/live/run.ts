import { MessageChannel } from 'node:worker_threads'
import { type LivePlayer, UsageError, VAI } from '@vai/sdk'
import type { Clock } from '../../api/clock.ts'
import { wavHeader } from '../../audio/wav.ts'
import { addressOf, areSentInClear, type Environment, type Keys, keysOf } from '../access.ts'
import { type Exit, misused, Problem } from '../ending.ts'
import { AudiblePlayer } from './audible-player.ts'
import { dialWith } from './dial.ts'
import { Journal } from './journal.ts'
import { checkOptions, type LiveTalkArguments, outRate, paramsOf, sourceOf } from './options.ts'
import { PacedPlayer } from './paced-player.ts'
import { ProgramMicrophone } from './program-microphone.ts'
import { ProgramSink } from './program-sink.ts'
import { installHint, type Machine, type Program, playerOn, recorderOn } from './programs.ts'
import { readRecordings } from './recordings.ts'
import { type Screen, type Streams, screenOn } from './screen.ts'
import { ShownPlayer } from './shown-player.ts'
import { type Asking, LiveTalk } from './talk.ts'
import { WavSink } from './wav-sink.ts'

/** What is around it. */
export interface Surroundings {
  readonly streams: Streams
  readonly environment: Environment
  readonly platform: NodeJS.Platform
  readonly version: string
  readonly clock: Clock
  /** Calls back for each signal to end; gives what stops that. */
  readonly onSignal: (listener: () => void) => () => void
}

/** `vai live`: a conversation with a model, from the terminal. Gives the exit code; never rejects for what a caller can mend. */
export async function runLive(args: LiveTalkArguments, around: Surroundings): Promise<Exit> {
  // Timers do not keep a process alive, and between two lines there is nothing else.
  const alive = new MessageChannel()
  alive.port1.ref()
  try {
    return await talk(args, around)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    around.streams.stderr.write(`vai live: ${error.message}\n`)
    return error.exit
  } finally {
    alive.port1.close()
  }
}

async function talk(args: LiveTalkArguments, around: Surroundings): Promise<Exit> {
  const { environment, version, clock, streams } = around
  checkOptions(args)
  const address = addressOf(args, environment)
  const keys = keysOf(args, environment)
  const means = await meansOf(args, around)
  const params = paramsOf(args, version, hearsIn(means.asking))
  const client = clientOf(address, keys)
  const startedAt = clock.now()
  const write = (line: string): void => void streams.stdout.write(`${line}\n`)
  const screen = screenOn(args.isJson ? { ...streams, stdout: streams.stderr } : streams)
  if (areSentInClear(keys, new URL(address))) screen.note(clearKey)
  try {
    const conversation = new LiveTalk({
      address: `${address.replace(/^http/, 'ws')}/v1/live`,
      connect: (options) => client.live.connect(params, options),
      player: playerFor(means, clock, screen),
      asking: means.asking,
      notes: means.notes,
      screen,
      journal: args.isJson ? new Journal(write, () => clock.now() - startedAt) : undefined,
      clock,
    })
    const off = around.onSignal(() => conversation.interrupt())
    return await conversation.run().finally(off)
  } finally {
    screen.close()
  }
}

/** Throws a `Problem` where a key cannot be one. */
function clientOf(baseURL: string, { key, providerKeys }: Keys): VAI {
  try {
    return new VAI({ baseURL, apiKey: key, providerKeys, dial: dialWith(key) })
  } catch (error) {
    if (error instanceof UsageError) throw misused(error.message)
    throw error
  }
}

/** Throws a `Problem` where the answers were to be kept, and cannot be. */
function playerFor({ out, program }: Means, clock: Clock, screen: Screen): LivePlayer {
  if (out !== undefined) {
    const sink = new WavSink(out, outRate, (why) => kept.failed(`--out: ${why}`))
    const kept = new PacedPlayer({ sink, rate: outRate, clock })
    return kept
  }
  const shown = new ShownPlayer(outRate, clock)
  if (!program) return shown
  const sink = new ProgramSink(program, wavHeader(outRate), clock, (why) => {
    screen.note(`Nothing is played: ${why}. The answers are only shown.`)
    player.failed()
  })
  const player = new AudiblePlayer(new PacedPlayer({ sink, rate: outRate, clock }), shown)
  return player
}

function hearsIn(asking: Asking): boolean {
  return asking.type === 'recordings' || (asking.type === 'person' && asking.microphone !== undefined)
}

// ── What there is to speak and to hear with ─────────────────────────────────────────────────────────────────────────────

interface Means {
  readonly asking: Asking
  /** The file that the answers go to, or the program that plays them; without either they are only shown. */
  readonly out?: string
  readonly program?: Program
  readonly notes: readonly string[]
}

/** Throws a `Problem` where something is missing that cannot be done without. */
async function meansOf(args: LiveTalkArguments, around: Surroundings): Promise<Means> {
  const machine: Machine = { platform: around.platform, path: around.environment.PATH ?? '' }
  const asking = await askingOf(args, machine, around)
  const { out } = args
  if (out !== undefined) return { asking, out, notes: [] }
  const program = playerOn(machine, outRate, args.speaker)
  if (program) return { asking, program, notes: [] }
  const note = `Nothing that plays was found, so that answers are only shown. For sound install sox (${installHint(machine)}), or name a file with --out.`
  return { asking, notes: [note] }
}

async function askingOf(args: LiveTalkArguments, machine: Machine, { clock, streams }: Surroundings): Promise<Asking> {
  const isTyped = streams.stdin.isTTY === true
  switch (sourceOf(args)) {
    case 'files':
      return { type: 'recordings', names: args.inputs, recordings: await readRecordings(args.inputs) }
    case 'text':
      return isTyped ? { type: 'person', microphone: undefined, types: true } : { type: 'lines' }
    case 'microphone': {
      const program = recorderOn(machine, microphoneRate, args.microphone)
      if (!program) throw misused(noMicrophone(machine))
      return { type: 'person', microphone: new ProgramMicrophone(program, microphoneRate, clock), types: isTyped }
    }
  }
}

function noMicrophone(machine: Machine): string {
  return `nothing that records was found. Install sox (${installHint(machine)}) or ffmpeg; or type with --text, or give a recording with --in question.wav.`
}

/** Hertz: what most engines that hear work with. */
const microphoneRate = 16_000

const clearKey = 'Warning: keys are sent unencrypted; use wss:// where the gateway is not on this machine.'
