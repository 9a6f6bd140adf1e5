import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { until } from '../until.ts'
import { anthropicKey, startAnthropic } from '../upstreams/anthropic.ts'
import { echo } from '../upstreams/anthropic-answer.ts'
import { silence } from '../upstreams/behaviour.ts'
import type { RecordedRequest } from '../upstreams/upstream.ts'
import { faultsIn, none, startCallers } from './callers.ts'
import { closedAfterwards, serve, setUpServers } from './server.ts'

/** A provider stalls at each stage of a connection and of an answer, while others that are answered are under load. */

setUpServers()

/** By what is in the model's name. Where so many events are sent of a stream, all of a JSON answer is sent, but not its end. */
const stages = {
  'stalls-before-the-head': silence,
  'stalls-in-the-head': { headerPaceMs: 2000 },
  'stalls-after-the-head': { stallAt: 0 },
  'stalls-at-the-start': { stallAt: { event: 1 } },
  'stalls-in-the-text': { stallAt: { event: 4 } },
  'stalls-in-an-event': { stallAt: 700 },
  'stalls-before-the-end': { stallAt: { event: 9 } },
}

function stalling(request: RecordedRequest) {
  const stall = Object.entries(stages).find(([name]) => request.body.includes(name))?.[1]
  return stall && 'kind' in stall ? stall : { ...echo(request), ...stall }
}

const env = {
  ANTHROPIC_API_KEY: anthropicKey,
  OPENAI_API_KEY: 'sk-test-openai',
  VAI_UPSTREAM_CONNECT_MS: '300',
  VAI_UPSTREAM_FIRST_BYTE_MS: '400',
  VAI_UPSTREAM_IDLE_MS: '400',
  // What comes in one piece may take as long as this to begin.
  VAI_LIMIT_STREAM_MS: '2000',
  VAI_RETRY_ATTEMPTS: '0',
  // Nobody is to be kept from what stalls.
  VAI_BREAKER_FAILURE_PERCENT: '0',
}

describe('a provider that stalls', () => {
  it('at any stage of its answer is told of, and whoever asks for another is answered', async () => {
    const upstream = closedAfterwards(await startAnthropic({ script: stalling }))
    const { url } = await serve({ ...env, VAI_ANTHROPIC_BASE_URL: upstream.url })
    const well = startCallers({ url, models: ['anthropic/well', 'demo/echo'] })
    const stalled = Object.keys(stages).map((stage) => startCallers({ url, callers: 4, models: [`anthropic/${stage}`] }))
    await until(() => stalled.every(({ figures }) => refusedIn(figures) >= 8))
    await well.answeredMore(100)
    const figures = await Promise.all([well, ...stalled].map((callers) => callers.stop()))

    expect(faultsIn(...figures)).toEqual(none)
    const [ofWell, ...ofStalled] = figures
    expect(ofWell?.refused).toEqual({})
    expect(ofStalled.map(({ answered }) => answered)).toEqual(ofStalled.map(() => 0))
    const codes = new Set(ofStalled.flatMap(({ refused }) => Object.keys(refused)))
    expect([...codes].sort()).toEqual(['provider_timeout', 'stream_duration'])
    // None of those that stalled stays open.
    const begun = upstream.requests.filter(({ body }) => body.includes('stalls-'))
    await until(() => upstream.closedByClient.length === begun.length)
  })

  it('before it takes a connection is told of, and whoever asks for another is answered', async () => {
    const upstream = closedAfterwards(await startAnthropic())
    const { url } = await serve({
      ...env,
      VAI_ANTHROPIC_BASE_URL: upstream.url,
      VAI_OPENAI_BASE_URL: `http://127.0.0.1:${await deafPort()}/v1`,
    })
    const well = startCallers({ url, models: ['anthropic/well', 'demo/echo'] })
    const stalled = startCallers({ url, models: ['openai/gpt-5-mini'] })
    await until(() => refusedIn(stalled.figures) >= 24)
    await well.answeredMore(100)
    const [ofWell, ofStalled] = await Promise.all([well.stop(), stalled.stop()])
    expect(faultsIn(ofWell, ofStalled)).toEqual(none)
    expect(ofWell.refused).toEqual({})
    expect(ofStalled.answered).toBe(0)
    expect(Object.keys(ofStalled.refused)).toEqual(['provider_timeout'])
  })
})

function refusedIn({ refused }: { readonly refused: Record<string, number> }): number {
  return Object.values(refused).reduce((sum, count) => sum + count, 0)
}

/** A port on which somebody listens who takes no connection: the process is stopped, and its queue is full. */
async function deafPort(): Promise<number> {
  const listen = `require('node:net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},function(){console.log(this.address().port)})`
  const child = spawn(process.execPath, ['-e', listen])
  closedAfterwards({ close: () => void child.kill('SIGKILL') })
  const port = await new Promise<number>((resolve) => child.stdout.once('data', (line) => resolve(Number(line))))
  child.kill('SIGSTOP')
  // Those who have connected stand in the queue; the first who has not shows that it is full.
  for (let last = await knock(port); last; last = await knock(port));
  return port
}

/** Whether somebody takes the connection within a time that is long on one's own machine. */
function knock(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    closedAfterwards({ close: () => socket.destroy() })
    // A held-up test first gets to see what has come meanwhile.
    socket.setTimeout(250, () => setImmediate(() => resolve(!socket.connecting)))
    socket.on('error', () => resolve(false))
  })
}
