import { createReadStream } from 'node:fs'
import { ConfigError } from '../config.ts'
import { type ReplayedStep, replayTrace } from '../plugins/live/recording/replay.ts'
import { TraceError } from '../plugins/live/recording/trace.ts'
import { reduceLive } from '../plugins/live/reduce.ts'
import { beginningOf, endOf, StepText } from './live-replay-text.ts'

export interface LiveReplayArguments {
  /** The file of the recording. */
  readonly trace: string
  /** Whether nothing but the outcome is to be told. */
  readonly check: boolean
}

/**
 * Plays the recording of a live session again and writes down what happened in it and what was done about it, or whether the same is done today. Gives
 * whether it is. Throws a `ConfigError` where the file cannot be played.
 */
export async function runLiveReplay(
  { trace, check }: LiveReplayArguments,
  version: string,
  write: (text: string) => Promise<void> | void,
): Promise<boolean> {
  const text = new StepText()
  const step = async (replayed: ReplayedStep): Promise<void> => {
    const lines = check ? '' : text.of(replayed)
    if (lines !== '') await write(lines)
  }
  const begin = check ? {} : { header: (header: Parameters<typeof beginningOf>[0]) => void write(beginningOf(header)) }
  try {
    const replay = await replayTrace(linesOf(trace), reduceLive, { ...begin, step })
    await write(text.rest() + endOf(replay, version))
    return replay.same
  } catch (error) {
    const isForOperator = error instanceof TraceError || (error instanceof Error && 'code' in error)
    throw isForOperator ? new ConfigError([`${trace}: ${error.message}`]) : error
  }
}

/** The lines of a file without their ends. JSON may hold every other sign that Unicode has for one. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) throw new TraceError('a line of it is too long')
    yield* lines
  }
  if (rest !== '') yield rest
}

/** Longer than any that is written. */
const longestLine = 64 * 1024 ** 2
