import { createServer, connect as dial, type Socket } from 'node:net'
import type { Clock } from '../../api/clock.ts'

/** A line between clients and a gateway that is as bad as it is told to be. Nothing is lost or changes places on it, for it is TCP. */
export interface Network {
  /** What stands in the gateway's place. */
  readonly url: string
  /** How long everything takes, each way, and how much longer at most, by a seed. */
  delayMs: number
  jitterMs: number
  /** Nothing goes through any more; or again. */
  stall(isStalled: boolean): void
  /** What the gateway sends is not even read. */
  refuseDownstream(isRefused: boolean): void
  /** Breaks all connections. */
  drop(): void
  close(): Promise<void>
}

export async function startNetwork(target: string, clock: Clock, seed = 1): Promise<Network> {
  const { hostname, port } = new URL(target)
  const pairs = new Set<{ readonly client: Socket; readonly gateway: Socket }>()
  const pipes = new Set<Pipe>()
  const state = { delayMs: 0, jitterMs: 0, isStalled: false, isRefused: false, random: randomOf(seed) }
  const server = createServer((client) => {
    const gateway = dial(Number(port), hostname)
    const pair = { client, gateway }
    pairs.add(pair)
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      from.setNoDelay(true)
      const pipe = new Pipe(to, clock, state)
      pipes.add(pipe)
      from.on('data', (bytes) => pipe.push(bytes))
      from.on('error', () => undefined)
      from.on('close', () => {
        pairs.delete(pair)
        pipes.delete(pipe)
        pipe.end()
      })
    }
    if (state.isRefused) gateway.pause()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const drop = (): void => {
    for (const { client, gateway } of pairs) {
      client.destroy()
      gateway.destroy()
    }
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    get delayMs() {
      return state.delayMs
    },
    set delayMs(ms) {
      state.delayMs = ms
    },
    get jitterMs() {
      return state.jitterMs
    },
    set jitterMs(ms) {
      state.jitterMs = ms
    },
    stall: (isStalled) => {
      state.isStalled = isStalled
      if (!isStalled) for (const pipe of pipes) pipe.flow()
    },
    refuseDownstream: (isRefused) => {
      state.isRefused = isRefused
      for (const { gateway } of pairs) isRefused ? gateway.pause() : gateway.resume()
    },
    drop,
    close: () => {
      drop()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

interface LineState {
  readonly delayMs: number
  readonly jitterMs: number
  readonly isStalled: boolean
  readonly random: () => number
}

/** One way of a connection. */
class Pipe {
  readonly #to: Socket
  readonly #clock: Clock
  readonly #state: LineState
  readonly #waiting: { readonly bytes: Buffer; readonly at: number }[] = []
  #lastAt = 0
  #isOver = false

  constructor(to: Socket, clock: Clock, state: LineState) {
    this.#to = to
    this.#clock = clock
    this.#state = state
  }

  push(bytes: Buffer): void {
    const { delayMs, jitterMs, random } = this.#state
    const now = this.#clock.now()
    const at = Math.max(this.#lastAt, now + delayMs + jitterMs * random())
    this.#lastAt = at
    this.#waiting.push({ bytes, at })
    if (at > now) this.#clock.after(at - now, () => this.flow())
    else this.flow()
  }

  flow(): void {
    const now = this.#clock.now()
    while (!this.#state.isStalled && (this.#waiting[0]?.at ?? Number.POSITIVE_INFINITY) <= now) {
      const next = this.#waiting.shift()
      if (next && !this.#to.destroyed) this.#to.write(next.bytes)
    }
    if (this.#isOver && this.#waiting.length === 0) this.#to.end()
  }

  /** Ends the other side once all has arrived. */
  end(): void {
    this.#isOver = true
    if (this.#waiting.length === 0) this.#to.end()
  }
}

function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
