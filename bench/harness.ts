import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { type Job, LoadMessage, type LoadOrder, type LoadResult, UpstreamCounts } from './control.ts'
import { freePort, type ServerProcess, startServer, untilReady } from './processes.ts'

/** The two processes around every target: the mock upstream and the load client. */
export interface Harness {
  readonly upstream: ServerProcess
  readonly upstreamOrigin: string
  readonly client: ServerProcess
  /** Carries out one job. */
  load(job: Job): Promise<LoadResult>
  /** Opens the streams of a `hold` and keeps them while `meanwhile` runs. */
  hold(job: Job, meanwhile: () => Promise<void>): Promise<LoadResult>
  counts(): Promise<UpstreamCounts>
  resetCounts(): Promise<void>
  stop(): Promise<void>
}

export async function startHarness(compiled: string): Promise<Harness> {
  const port = await freePort()
  const upstreamOrigin = `http://127.0.0.1:${port}`
  const upstream = startServer(join(compiled, 'upstream.js'), { args: [String(port)] })
  const client = startServer(join(compiled, 'load.js'), {})
  await Promise.all([untilReady(`${upstreamOrigin}/control`, upstream), nextMessage(client, 'ready')])

  async function load(job: Job): Promise<LoadResult> {
    const answer = resultOf(client)
    order(client, { type: 'job', job })
    return await answer
  }
  return {
    upstream,
    upstreamOrigin,
    client,
    load,
    async hold(job, meanwhile) {
      const opened = nextMessage(client, 'opened')
      const result = load(job)
      // Streams that fail are never all open; then there is nothing to measure, and the result says why.
      const first = await Promise.race([opened, result])
      if (!('type' in first)) return first
      await meanwhile()
      order(client, { type: 'release' })
      return await result
    },
    async counts() {
      const counts: unknown = await (await fetch(`${upstreamOrigin}/control`)).json()
      if (!Value.Check(UpstreamCounts, counts)) throw new Error('not the counts of the mock upstream')
      return counts
    },
    async resetCounts() {
      await (await fetch(`${upstreamOrigin}/control/reset`, { method: 'POST' })).arrayBuffer()
    },
    async stop() {
      await Promise.all([upstream.stop(), client.stop()])
    },
  }
}

function order({ child }: ServerProcess, message: LoadOrder): void {
  child.send(message)
}

async function resultOf(client: ServerProcess): Promise<LoadResult> {
  const message = await nextMessage(client, 'result')
  if (message.type !== 'result') throw new Error('not a result')
  return message.result
}

function nextMessage({ child }: ServerProcess, type: LoadMessage['type']): Promise<LoadMessage> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onExit = (): void => {
      done()
      reject(new Error('the load client has ended'))
    }
    const onMessage = (message: unknown): void => {
      if (Value.Check(LoadMessage, message) && message.type !== type) return
      done()
      if (Value.Check(LoadMessage, message)) resolve(message)
      else reject(new Error('not a message of the load client'))
    }
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}
