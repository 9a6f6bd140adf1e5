import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../api/clock.ts'
import type { MessageParam, Usage } from '../../../api/schemas.gen.ts'
import { sumOf } from '../../../api/usage.ts'
import type { LiveCaller } from '../caller.ts'
import type { LiveResult, LiveStep } from '../history.ts'
import type { LiveAsking } from '../plan.ts'
import { AskedTurn, type AskedTurnParts } from './asked-turn.ts'
import type { Asker, AskerListener } from './asker.ts'
import { AskingBudget } from './asking-budget.ts'

/** Asks the model in one session, on behalf of who talks. The listener is never called from within a call of the asker's, but by `confirm`. */
export function createAsker(
  app: FastifyInstance,
  asking: LiveAsking,
  caller: LiveCaller,
  listener: AskerListener,
  clock: Clock,
): Asker {
  return new TurnAsker({ app, asking, caller, listener, budget: new AskingBudget(clock), clock })
}

class TurnAsker implements Asker {
  #parts: AskedTurnParts
  /** Those whose answer somebody may ask for. */
  readonly #turns = new Map<number, AskedTurn>()
  /** Those of which something runs. */
  readonly #running = new Map<AskedTurn, Promise<void>>()
  /** What those came to of which nothing runs any more. */
  #spent: Usage | undefined
  #isEnded = false

  constructor(parts: AskedTurnParts) {
    this.#parts = parts
  }

  start(number: number, messages: readonly MessageParam[], isSpeculation: boolean): void {
    if (this.#isEnded) return
    this.forget(number)
    const turn = new AskedTurn(this.#parts, number, isSpeculation)
    this.#turns.set(number, turn)
    const { log } = this.#parts.caller
    const asked = turn.ask(messages).catch((err: unknown) => log.error({ err }, 'a turn could not be told of'))
    this.#running.set(turn, asked)
    void asked.finally(() => {
      this.#running.delete(turn)
      this.#spent = together(this.#spent, turn.usage)
    })
  }

  confirm(number: number): void {
    this.#turns.get(number)?.confirm()
  }

  cancel(number: number): void {
    const turn = this.#turns.get(number)
    turn?.cancel()
    // Of what was never certain nothing is asked for.
    if (turn?.isForetold) this.#turns.delete(number)
  }

  cancelTool(number: number, id: string): void {
    this.#turns.get(number)?.cancelTool(id)
  }

  answerTool(number: number, id: string, content: LiveResult['content'], isError: boolean): void {
    this.#turns.get(number)?.answerTool(id, content, isError)
  }

  addFiller(number: number, text: string): void {
    this.#turns.get(number)?.addFiller(text)
  }

  stepsOf(number: number): readonly LiveStep[] {
    return this.#turns.get(number)?.steps ?? []
  }

  isRefused(number: number): boolean {
    return this.#turns.get(number)?.isRefused ?? false
  }

  usageOf(number: number): Usage {
    return this.#turns.get(number)?.usage ?? {}
  }

  get usage(): Usage | undefined {
    return [...this.#running.keys()].reduce((sum, { usage }) => together(sum, usage), this.#spent)
  }

  forget(number: number): void {
    this.#turns.get(number)?.cancel()
    this.#turns.delete(number)
  }

  change(asking: LiveAsking): void {
    this.#parts = { ...this.#parts, asking }
  }

  async end(): Promise<void> {
    this.#isEnded = true
    for (const turn of this.#turns.values()) turn.cancel()
    await Promise.all(this.#running.values())
  }
}

/** A turn that no model was asked for has cost nothing. */
function together(before: Usage | undefined, more: Usage): Usage | undefined {
  if (Object.keys(more).length === 0) return before
  return sumOf(before ? [before, more] : [more])
}
