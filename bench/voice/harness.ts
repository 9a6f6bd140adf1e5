import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Value } from '@sinclair/typebox/value'
import { compile, projectRoot } from '../compile.ts'
import { freePort, type ServerProcess, startServer, untilReady } from '../processes.ts'
import { AllMade, type Job, LoadMessage, type Made, type Pace, type Taken } from './control.ts'

/** The gateway as it is built, and the two processes around it. */
export interface Stage {
  readonly gateway: ServerProcess
  /** Has the client carry out a job while the upstream keeps that pace. Throws where an exchange failed. */
  run(pace: Pace, job: Omit<Job, 'origin'>): Promise<Done>
  stop(): Promise<void>
}

export interface Done {
  readonly taken: readonly Taken[]
  readonly made: ReadonlyMap<string, Made>
}

/** `probes` is the folder in which the gateway tells of its memory. */
export async function startStage(probes: string, env: Readonly<Record<string, string>>): Promise<Stage> {
  const compiled = compile()
  const upstreamPort = await freePort()
  const upstream = startServer(join(compiled, 'voice', 'upstream.js'), { args: [String(upstreamPort)] })
  const upstreamOrigin = `http://127.0.0.1:${upstreamPort}`
  const client = startServer(join(compiled, 'voice', 'load.js'), {})
  const [{ gateway, origin }] = await Promise.all([
    startGateway(compiled, probes, upstreamOrigin, env),
    untilReady(`${upstreamOrigin}/control`, upstream),
  ])
  return {
    gateway,
    async run(pace, job) {
      await control(upstreamOrigin, pace)
      const { taken, failures } = await carriedOut(client, { ...job, origin })
      if (failures.length > 0) throw new Error(`the answers are not whole: ${failures.join('; ')}`)
      const made = await control(upstreamOrigin)
      return { taken, made: new Map(made.map((each) => [each.name, each])) }
    },
    async stop() {
      await Promise.all([gateway.stop(), upstream.stop(), client.stop()])
    },
  }
}

async function startGateway(compiled: string, probes: string, upstreamOrigin: string, env: Readonly<Record<string, string>>) {
  const script = join(projectRoot, 'dist', 'server.js')
  if (!existsSync(script)) throw new Error('dist/server.js is missing; npm run build makes it')
  const port = await freePort()
  const gateway = startServer(script, {
    args: ['serve'],
    env: {
      SOAK_PROBES: probes,
      VAI_HOST: '127.0.0.1',
      VAI_PORT: String(port),
      VAI_LOG_LEVEL: 'warn',
      VAI_ANTHROPIC_BASE_URL: upstreamOrigin,
      VAI_OPENAI_BASE_URL: `${upstreamOrigin}/v1`,
      VAI_CARTESIA_BASE_URL: upstreamOrigin,
      ANTHROPIC_API_KEY: 'sk-test-anthropic',
      OPENAI_API_KEY: 'sk-test-openai',
      CARTESIA_API_KEY: 'sk-test-cartesia',
      ...env,
    },
    preload: pathToFileURL(join(compiled, 'soak', 'probe.js')),
  })
  const origin = `http://127.0.0.1:${port}`
  await untilReady(`${origin}/healthz`, gateway)
  return { gateway, origin }
}

async function control(origin: string, pace?: Pace): Promise<readonly Made[]> {
  const answer = await fetch(`${origin}/control`, pace ? { method: 'POST', body: JSON.stringify(pace) } : {})
  const made: unknown = await answer.json()
  if (!Value.Check(AllMade, made)) throw new Error('not what the mock upstream tells')
  return made
}

function carriedOut({ child }: ServerProcess, job: Job): Promise<{ taken: Taken[]; failures: string[] }> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      run()
    }
    const onExit = (): void => settle(() => reject(new Error('the load client has ended')))
    const onMessage = (message: unknown): void => {
      if (!Value.Check(LoadMessage, message)) settle(() => reject(new Error('not a message of the load client')))
      else if (message.type === 'result') settle(() => resolve(message))
    }
    child.on('message', onMessage)
    child.once('exit', onExit)
    child.send(job)
  })
}
