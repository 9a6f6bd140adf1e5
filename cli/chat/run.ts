import { isUtf8 } from 'node:buffer'
import { addAbortSignal } from 'node:stream'
import { type Logger, UsageError, VAI } from '@vai/sdk'
import { areSentInClear, type Environment } from '../access.ts'
import { type Exit, exits, misused, Problem } from '../ending.ts'
import { Chat } from './chat.ts'
import { commandIn } from './commands.ts'
import { Journal } from './journal.ts'
import { type Access, type Asking, accessOf, askingOf, type ChatArguments } from './options.ts'
import { type Dialogue, dialogueOn, type Output, plainScreen, type Streams } from './screen.ts'

/** What is around it. */
export interface Surroundings {
  readonly streams: Streams
  readonly environment: Environment
  /** Calls back for each signal to end; gives what stops that. */
  readonly onSignal: (listener: (signal: NodeJS.Signals) => void) => () => void
}

/** `vai chat`: a conversation in writing. Gives the exit code; never rejects for what a caller can mend. */
export async function runChat(args: ChatArguments, around: Surroundings): Promise<Exit> {
  try {
    const access = accessOf(args, around.environment)
    const asking = askingOf(args, around.environment)
    const { stdin, stdout, stderr } = around.streams
    const output = args.isJson ? stderr : stdout
    const isAttended = args.once === undefined && stdin.isTTY === true && output.isTTY === true
    if (areSentInClear(access, new URL(access.address))) stderr.write(`${clearKey}\n`)
    return isAttended ? await converse(args, access, asking, around) : await askOnce(args, access, asking, around)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    around.streams.stderr.write(`vai chat: ${error.message}\n`)
    return error.exit
  }
}

/** Somebody sits there: until they have had enough. */
async function converse({ isJson }: ChatArguments, access: Access, asking: Asking, around: Surroundings): Promise<Exit> {
  const client = clientOf(access, (text) => screen.tell(`(${text}; Ctrl-C stops it)`))
  const { stdin, stdout, stderr } = around.streams
  const output = isJson ? stderr : stdout
  const isDumb = around.environment.TERM === 'dumb'
  const screen = dialogueOn({ stdin, output, hasColours: hasColours(output, around), isDumb, onInterrupt: () => chat.stop() })
  const chat = new Chat({ client, screen, asking, journal: isJson ? journalOn(stdout) : undefined, isAttended: true })
  let exit: Exit = exits.done
  const off = around.onSignal((signal) => {
    if (signal === 'SIGINT') return screen.interrupt()
    exit = exits.interrupted
    chat.stop()
    screen.close()
  })
  try {
    const failed = await chat.greet()
    if (failed?.isHopeless) throw new Problem(failed.line, failed.exit)
    screen.tell(`${asking.model} at ${client.baseURL}\n/help tells what there is; Ctrl-D ends.`)
    if (failed) screen.tell(failed.line)
    await listen(chat, screen)
    return exit
  } finally {
    off()
    screen.close()
  }
}

async function listen(chat: Chat, screen: Dialogue): Promise<void> {
  for (;;) {
    const typed = await screen.typed()
    if (typed === undefined) return
    const command = commandIn(typed)
    if (command.type === 'quit') return
    if (command.type === 'say') await chat.say(command.text)
    else if (command.type !== 'nothing') await chat.obey(command)
  }
}

/** One question, from the command line or a pipe. */
async function askOnce({ once, isJson }: ChatArguments, access: Access, asking: Asking, around: Surroundings): Promise<Exit> {
  const client = clientOf(access, (text) => screen.tell(`(${text})`))
  const { stdout, stderr } = around.streams
  const screen = plainScreen(stdout, stderr, hasColours(stdout, around))
  const chat = new Chat({ client, screen, asking, journal: isJson ? journalOn(stdout) : undefined, isAttended: false })
  const stopped = new AbortController()
  const off = around.onSignal(() => {
    stopped.abort()
    chat.stop()
  })
  try {
    const question = once ?? (await pipedIn(around.streams, stopped.signal))
    if (stopped.signal.aborted) return exits.interrupted
    if (question.trim() === '') throw misused('there is no question: give one with --once, or by a pipe.')
    const { failed, isStopped } = await chat.say(question.trimEnd())
    return isStopped ? exits.interrupted : (failed?.exit ?? exits.done)
  } finally {
    off()
  }
}

/** All that comes; nothing where it is stopped. */
async function pipedIn({ stdin, stderr }: Streams, signal: AbortSignal): Promise<string> {
  if (stdin.isTTY) stderr.write('Type the question; Ctrl-D at the beginning of a line ends it.\n')
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of addAbortSignal(signal, stdin)) {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      if (bytes > mostBytes) throw misused(`the question is too long: at most ${mostBytes} bytes are taken.`)
    }
  } catch (error) {
    if (signal.aborted) return ''
    throw error
  }
  const whole = Buffer.concat(chunks)
  if (!isUtf8(whole)) throw misused('the question is not text in UTF-8.')
  return whole.toString('utf8')
}

/** `tell` is told of waits that people notice before a request is sent again, as nothing else is to be seen meanwhile. */
function clientOf({ address, key, providerKeys }: Access, tell: (text: string) => void): VAI {
  const nothing = (): void => undefined
  const logger: Logger = {
    debug: nothing,
    info(_, { in_ms } = {}) {
      if (typeof in_ms === 'number' && in_ms >= 1000) tell(`waiting ${Math.round(in_ms / 1000)} s to ask again`)
    },
    warn: nothing,
    error: nothing,
  }
  try {
    return new VAI({ baseURL: address, providerKeys, logger, ...(key !== undefined && { apiKey: key }) })
  } catch (error) {
    if (error instanceof UsageError) throw misused(error.message)
    throw error
  }
}

function journalOn(output: Output): Journal {
  return new Journal((text) => void output.write(text))
}

/** https://no-color.org */
function hasColours(output: Output, { environment }: Surroundings): boolean {
  return output.isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb'
}

const mostBytes = 16 * 1024 * 1024
const clearKey = 'Warning: keys are sent unencrypted; use https:// where the gateway is not on this machine.'
