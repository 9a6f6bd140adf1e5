import { Agent, request } from 'node:http'
import { until } from '../until.ts'
import { type Answer, outcomeOf } from './answers.ts'
import { closedAfterwards } from './server.ts'

/** What became of requests. Every one is in exactly one of these. */
export interface Figures {
  /** With the whole right answer. */
  answered: number
  /** With an error of the contract, by its code. */
  readonly refused: Record<string, number>
  /** The connection broke before the whole answer was there. */
  readonly lost: string[]
  /** Neither an answer nor an end within the deadline. */
  readonly hung: string[]
  /** Something else than the right answer or an error of the contract. */
  readonly wrong: string[]
}

export interface Callers {
  readonly figures: Figures
  /** Resolves once so many more are answered, by whoever asked. */
  answeredMore(count: number): Promise<unknown>
  /** Resolves once every caller has retired by itself. */
  readonly retired: Promise<Figures>
  /** Lets each caller end what he asks, and no more. */
  stop(): Promise<Figures>
}

export interface CallersOptions {
  readonly url: string
  /** How many ask at the same time. */
  readonly callers?: number
  /** Models, asked in turn, as a stream and as JSON. */
  readonly models?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  /** A caller who got this retires. */
  readonly retireAt?: string
}

/** Callers with connections that stay open, each of whom asks one thing after the other until he is told to stop. */
export function startCallers(options: CallersOptions): Callers {
  const { callers = 12, retireAt } = options
  const agent = new Agent({ keepAlive: true, maxSockets: callers })
  const figures: Figures = { answered: 0, refused: {}, lost: [], hung: [], wrong: [] }
  let isOver = false
  const work = Array.from({ length: callers }, async (_, caller) => {
    for (let turn = 0; !isOver; turn++) {
      const outcome = await ask({ ...options, agent, figures, caller, turn })
      if (outcome !== undefined && outcome === retireAt) return
    }
  })
  const retired = Promise.all(work).then(() => {
    agent.destroy()
    return figures
  })
  // Where the test failed meanwhile, nobody has stopped them.
  closedAfterwards({
    close() {
      isOver = true
      agent.destroy()
    },
  })
  return {
    figures,
    retired,
    answeredMore(count) {
      const enough = figures.answered + count
      return until(() => figures.answered >= enough)
    },
    stop() {
      isOver = true
      return retired
    },
  }
}

/** What is lost, hung and wrong of everything; to be compared with `none`. */
export function faultsIn(...all: readonly Figures[]): Pick<Figures, 'lost' | 'hung' | 'wrong'> {
  return {
    lost: all.flatMap(({ lost }) => lost),
    hung: all.flatMap(({ hung }) => hung),
    wrong: all.flatMap(({ wrong }) => wrong),
  }
}

export const none = { lost: [], hung: [], wrong: [] }

interface Ask extends CallersOptions {
  readonly agent: Agent
  readonly figures: Figures
  readonly caller: number
  readonly turn: number
}

/** One request; its outcome is counted. */
async function ask({ url, models = ['demo/echo'], headers, agent, figures, caller, turn }: Ask): Promise<string | undefined> {
  const model = models[(caller + turn) % models.length] ?? ''
  const isStream = (caller + Math.floor(turn / models.length)) % 2 === 0
  const text = `caller ${caller} asks in turn ${turn} and wants to have it said back, word for word`
  const body = { model, max_tokens: 100, stream: isStream, messages: [{ role: 'user', content: text }] }
  try {
    const answer = await exchange(`${url}/v1/messages`, agent, body, headers)
    const outcome = outcomeOf(answer, text)
    if (outcome === 'answered') figures.answered++
    else figures.refused[outcome] = (figures.refused[outcome] ?? 0) + 1
    return outcome
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const what = error instanceof Broken ? 'lost' : error instanceof Hung ? 'hung' : 'wrong'
    figures[what].push(`${model} ${isStream ? 'as a stream' : 'as JSON'}: ${said}`)
    return undefined
  }
}

class Broken extends Error {}
class Hung extends Error {}

const deadlineMs = 12_000

/** Resolves with the whole answer; rejects with `Broken` or `Hung`. */
export function exchange(
  url: string,
  agent: Agent,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } }
    const fail = (error: Error): void => reject(new Broken(error.message))
    const outgoing = request(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      response.once('error', fail)
      response.once('close', () => {
        if (!response.complete) return fail(new Error(`broke off after ${text.slice(-100)}`))
        clearTimeout(deadline)
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body: text })
      })
    })
    const deadline = setTimeout(() => {
      reject(new Hung(`not within ${deadlineMs} ms`))
      outgoing.destroy()
    }, deadlineMs)
    outgoing.once('error', (error) => {
      clearTimeout(deadline)
      fail(error)
    })
    outgoing.end(JSON.stringify(body))
  })
}
