import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Value } from '@sinclair/typebox/value'
import { compile, projectRoot } from '../compile.ts'
import { freePort, type ServerProcess, startServer, untilReady } from '../processes.ts'
import { AllSeen, ClientMessage, type Counts, type Job, type Pace, ProbeMessage, type Seen, type Taken } from './control.ts'

/** The gateway as it is built, and the two processes around it. */
export interface Stage {
  readonly gateway: ServerProcess
  readonly client: ServerProcess
  readonly upstream: ServerProcess
  /** `ws:` addresses: where sessions are held, and where the mock upstream hears by itself. */
  readonly liveURL: string
  readonly directURL: string
  /** Has the client carry out a job while the upstream keeps that pace. Throws where a session failed. */
  run(pace: Pace, job: Job): Promise<Done>
  /** What there is in the gateway by now. */
  counts(): Promise<Counts>
  /** Writes down where the gateway's time goes while something is done. */
  profiled<T>(path: string, run: () => Promise<T>): Promise<T>
  stop(): Promise<void>
}

export interface Done {
  readonly taken: readonly Taken[]
  readonly seen: ReadonlyMap<string, Seen>
}

/** `probes` is the folder in which the gateway tells of its memory. */
export async function startStage(probes: string): Promise<Stage> {
  const compiled = compile()
  const upstreamPort = await freePort()
  const upstream = startServer(join(compiled, 'live', 'upstream.js'), { args: [String(upstreamPort)] })
  const upstreamOrigin = `http://127.0.0.1:${upstreamPort}`
  const client = startServer(join(compiled, 'live', 'client.js'), {})
  const [{ gateway, port }] = await Promise.all([
    startGateway(compiled, probes, upstreamOrigin),
    untilReady(`${upstreamOrigin}/control`, upstream),
  ])
  return {
    gateway,
    client,
    upstream,
    liveURL: `ws://127.0.0.1:${port}/v1/live`,
    directURL: `ws://127.0.0.1:${upstreamPort}/v1/listen?direct=true`,
    async run(pace, job) {
      await control(upstreamOrigin, pace)
      const { taken, failures } = await carriedOut(client, job)
      if (failures.length > 0) throw new Error(`not all went as it should: ${failures.join('; ')}`)
      const seen = await control(upstreamOrigin)
      return { taken, seen: new Map(seen.map((each) => [each.name, each])) }
    },
    async counts() {
      const answer = await asked(gateway, 'count')
      if (answer.type !== 'counts') throw new Error('the probe answers something else')
      return answer.counts
    },
    async profiled(path, run) {
      await asked(gateway, 'profile')
      try {
        return await run()
      } finally {
        await asked(gateway, `profiled ${path}`)
      }
    },
    async stop() {
      await Promise.all([gateway.stop(), upstream.stop(), client.stop()])
    },
  }
}

async function startGateway(compiled: string, probes: string, upstreamOrigin: string) {
  const script = join(projectRoot, 'dist', 'server.js')
  if (!existsSync(script)) throw new Error(`${script} is missing; npm run build makes it`)
  const port = await freePort()
  const gateway = startServer(script, {
    args: ['serve'],
    env: {
      SOAK_PROBES: probes,
      VAI_HOST: '127.0.0.1',
      VAI_PORT: String(port),
      VAI_LOG_LEVEL: 'warn',
      // Whoever shares the machine is not to have sessions refused.
      VAI_SHED_EVENT_LOOP_DELAY_MS: '0',
      VAI_ANTHROPIC_BASE_URL: upstreamOrigin,
      VAI_OPENAI_BASE_URL: `${upstreamOrigin}/v1`,
      VAI_CARTESIA_BASE_URL: upstreamOrigin,
      VAI_DEEPGRAM_BASE_URL: upstreamOrigin,
      ANTHROPIC_API_KEY: 'sk-test-anthropic',
      OPENAI_API_KEY: 'sk-test-openai',
      CARTESIA_API_KEY: 'sk-test-cartesia',
      DEEPGRAM_API_KEY: 'sk-test-deepgram',
    },
    preload: pathToFileURL(join(compiled, 'live', 'probe.js')),
  })
  await untilReady(`http://127.0.0.1:${port}/healthz`, gateway)
  return { gateway, port }
}

async function asked({ child }: ServerProcess, what: string) {
  const answered = once(child, 'message', { signal: AbortSignal.timeout(30_000) })
  child.send(what)
  const [answer]: unknown[] = await answered
  if (!Value.Check(ProbeMessage, answer)) throw new Error('not a message of the probe')
  return answer
}

async function control(origin: string, pace?: Pace): Promise<readonly Seen[]> {
  const answer = await fetch(`${origin}/control`, pace ? { method: 'POST', body: JSON.stringify(pace) } : {})
  const seen: unknown = await answer.json()
  if (!Value.Check(AllSeen, seen)) throw new Error('not what the mock upstream tells')
  return seen
}

function carriedOut({ child }: ServerProcess, job: Job): Promise<{ taken: Taken[]; failures: string[] }> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      run()
    }
    const onExit = (): void => settle(() => reject(new Error('the client has ended')))
    const onMessage = (message: unknown): void => {
      if (!Value.Check(ClientMessage, message)) settle(() => reject(new Error('not a message of the client')))
      else if (message.type === 'result') settle(() => resolve(message))
    }
    child.on('message', onMessage)
    child.once('exit', onExit)
    child.send(job)
  })
}
