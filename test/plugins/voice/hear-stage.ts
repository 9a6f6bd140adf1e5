import { GatewayError } from '../../../api/error.ts'
import { wavOf } from '../../../audio/wav.ts'
import type { Heard } from '../../../plugins/voice/hear.ts'
import type { SoundBlock } from '../../../plugins/voice/plan.ts'
import { tone } from '../../audio/tone.ts'
import { type Behaviour, json } from '../../upstreams/behaviour.ts'
import { startUpstream, type Upstream } from '../../upstreams/upstream.ts'
import { earAt, type Listening, type ListeningOptions, startListening } from './listening.ts'
import { blockOf, inOrder } from './sounds.ts'

/** What the tests of hearing share; what is opened is closed by `closeAll`, to be called after each. */

const open: { close(): Promise<void> }[] = []

export async function closeAll(): Promise<void> {
  for (const each of open.splice(0)) await each.close()
}

export function closedAfterwards(each: { close(): Promise<void> }): void {
  open.push(each)
}

export function listen(options: ListeningOptions = {}): Listening {
  const listening = startListening(options)
  open.push(listening)
  return listening
}

export async function vendor(script: Behaviour | readonly [Behaviour, ...Behaviour[]]): Promise<Upstream> {
  const upstream = await startUpstream(script)
  open.push(upstream)
  return upstream
}

export async function failureOf(heard: Promise<Heard>): Promise<GatewayError> {
  const error = await heard.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof GatewayError) return error
  throw new Error('it did not fail as it should', { cause: error })
}

export const ear = earAt(['wav', 'mp3', 'flac'])
/** A tone of a second. */
export const second = wavOf(tone(440, 16_000, 16_000), 16_000)
export const said = (text: string): Behaviour => json({ text })

/** Blocks that are told apart by how many samples they have. */
export const blocksOf = (...samples: readonly number[]): SoundBlock[] =>
  inOrder(samples.map((count) => blockOf(wavOf(tone(440, 8000, count), 8000))))

/** Something to wait for until a test says so. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}
