import { AbortedError, type Model, type RunEvent, type StreamEvent, type VAI, type VAIError } from '@vai/sdk'
import { wordsOf } from '../ending.ts'
import { line } from '../printable.ts'
import { answerTo } from './answer.ts'
import type { Command } from './commands.ts'
import { type Attempt, Conversation } from './conversation.ts'
import { type Failure, failureOf } from './failure.ts'
import { load, save } from './files.ts'
import type { Journal } from './journal.ts'
import { type Asking, namesIn } from './options.ts'
import { piecesOf } from './pieces.ts'
import type { Screen } from './screen.ts'
import { transcriptOf } from './transcript.ts'
import { UsageTotal } from './usage-total.ts'

export interface ChatParts {
  readonly client: VAI
  readonly screen: Screen
  /** Told of events in place of the screen. */
  readonly journal: Journal | undefined
  readonly asking: Asking
  /** Whether somebody is there who can give commands. */
  readonly isAttended: boolean
}

/** How an answer ended. */
export interface Answered {
  readonly isStopped: boolean
  /** Why it is not whole; undefined where it is, or was stopped. */
  readonly failed: Failure | undefined
}

/** One conversation: asks, shows what comes, and does what commands say. Nothing of it rejects for what a person can mend. */
export class Chat {
  readonly #parts: ChatParts
  readonly #conversation = new Conversation()
  readonly #total = new UsageTotal()
  #asking: Asking
  /** Ends what is under way. */
  #under: AbortController | undefined

  constructor(parts: ChatParts) {
    this.#parts = parts
    this.#asking = parts.asking
  }

  /** Stops what is under way: an answer, or a look at the gateway. */
  stop(): void {
    this.#under?.abort()
  }

  /** Looks whether there is a gateway that knows the model and lets one in. */
  async greet(): Promise<Failure | undefined> {
    return this.#look((signal) => this.#parts.client.models.get(this.#asking.model, { signal, ...impatient }))
  }

  async say(text: string): Promise<Answered> {
    return this.#ask(this.#conversation.ask(text))
  }

  /** Everything but `say`, `nothing` and `quit`, which are for whoever listens. */
  async obey(command: Exclude<Command, { type: 'say' | 'nothing' | 'quit' }>): Promise<void> {
    switch (command.type) {
      case 'tell':
        return this.#tell(command.text)
      case 'model':
        return command.value === undefined ? this.#listModels() : this.#changeModel(command.value)
      case 'system':
        return this.#system(command.value)
      case 'tools':
        return this.#tools(command.value)
      case 'retry':
        return this.#retry()
      case 'history':
        return this.#tell(transcriptOf(this.#conversation.messages))
      case 'usage':
        return this.#tell(this.#total.told)
      case 'clear':
        this.#conversation.begin([])
        return this.#tell('A new conversation begins.')
      case 'save':
        return this.#save(command.file)
      case 'load':
        return this.#load(command.file)
    }
  }

  // ── Answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #ask(attempt: Attempt): Promise<Answered> {
    const { client, isAttended, screen } = this.#parts
    const { since, usage, ending, error } = await this.#underWay((signal) =>
      answerTo(attempt, this.#asking, client, signal, (event) => this.#show(event)),
    )
    for (const each of usage) this.#total.add(each)
    if (since.length > 0) this.#conversation.answered(attempt, since)
    else this.#conversation.failed(attempt)
    if (!this.#parts.journal) for (const piece of ending) screen.show(piece)
    screen.end()
    const hint = since.length > 0 || !isAttended ? '' : '; /retry asks again'
    if (error instanceof AbortedError) {
      this.#tell(`(stopped${hint})`)
      return { isStopped: true, failed: undefined }
    }
    if (!error && since.length === 0) this.#tell(`(the model said nothing${hint})`)
    return { isStopped: false, failed: error && this.#failed(error) }
  }

  #show(event: StreamEvent | RunEvent): void {
    const { journal, screen } = this.#parts
    if (journal) journal.event(event)
    else for (const piece of piecesOf(event)) screen.show(piece)
  }

  #failed(error: VAIError): Failure {
    const failed = this.#failure(error)
    this.#parts.journal?.failed(error)
    this.#tell(`Error: ${failed.line}`)
    return failed
  }

  async #retry(): Promise<void> {
    const attempt = this.#conversation.again()
    if (attempt) await this.#ask(attempt)
    else this.#tell('Nothing was asked yet.')
  }

  // ── Who answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #changeModel(model: string): Promise<void> {
    const failed = await this.#look((signal) => this.#parts.client.models.get(model, { signal, ...impatient }))
    if (failed) return this.#tell(`${failed.line} ${this.#asking.model} goes on answering.`)
    this.#asking = { ...this.#asking, model }
    this.#tell(`${model} answers from now on.`)
  }

  async #listModels(): Promise<void> {
    const models: Model[] = []
    const failed = await this.#look(async (signal) => {
      for await (const model of await this.#parts.client.models.list({}, { signal, ...impatient })) {
        if (models.push(model) >= mostModels) return
      }
    })
    const width = Math.max(0, ...models.map(({ id }) => id.length))
    const lines = models.map(
      ({ id, display_name }) =>
        `${id === this.#asking.model ? '*' : ' '} ${line(id).padEnd(Math.min(width, widest))}  ${line(display_name, 60)}`,
    )
    const cut = models.length >= mostModels ? ['(and maybe more)'] : []
    this.#tell([...lines, ...cut, failed?.line ?? `${this.#asking.model} answers; /model NAME has another answer.`].join('\n'))
  }

  #system(value: string | undefined): void {
    if (value !== undefined) this.#asking = { ...this.#asking, system: value === 'off' ? undefined : value }
    const { system } = this.#asking
    this.#tell(system === undefined ? 'The model is told nothing before everything else.' : `The model is told: ${system}`)
  }

  #tools(value: string | undefined): void {
    if (value !== undefined) this.#asking = { ...this.#asking, tools: value === 'off' ? [] : namesIn(value) }
    const { tools } = this.#asking
    // There is no list of them to ask the gateway for.
    const offer = `The model is offered ${tools.join(', ')}; whether the gateway has that shows with the next message.`
    this.#tell(tools.length === 0 ? 'The model has no tools.' : offer)
  }

  // ── Files ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #save(file: string): Promise<void> {
    const { messages } = this.#conversation
    if (messages.length === 0) return this.#tell('There is nothing to save yet.')
    const { model, system } = this.#asking
    await this.#orTell(async () => {
      await save(file, { model, messages, ...(system !== undefined && { system }) })
      this.#tell(`${counted(messages.length)} in ${file}`)
    })
  }

  async #load(file: string): Promise<void> {
    await this.#orTell(async () => {
      const { messages, system } = await load(file)
      this.#conversation.begin(messages)
      this.#asking = { ...this.#asking, system }
      this.#tell(`${counted(messages.length)} from ${file}; ${this.#asking.model} answers.`)
    })
  }

  // ── All of them ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #tell(text: string): void {
    this.#parts.screen.tell(text)
  }

  async #orTell(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => this.#tell(`${line(wordsOf(error))}.`))
  }

  /** Why the gateway does not say what it was asked for. */
  async #look(work: (signal: AbortSignal) => Promise<unknown>): Promise<Failure | undefined> {
    try {
      await this.#underWay(work)
      return undefined
    } catch (error) {
      return this.#failure(error)
    }
  }

  #failure(error: unknown): Failure {
    const { client, isAttended } = this.#parts
    return failureOf(error, client.baseURL, isAttended)
  }

  async #underWay<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#under = new AbortController()
    try {
      return await work(this.#under.signal)
    } finally {
      this.#under = undefined
    }
  }
}

/** People wait for it. */
const impatient = { timeout: 10_000, maxRetries: 0 }
const mostModels = 1000
/** Characters of a column. */
const widest = 50

function counted(messages: number): string {
  return messages === 1 ? '1 message' : `${messages} messages`
}
