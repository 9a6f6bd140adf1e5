import type { ContentBlock, StreamEvent } from '../../../api/schemas.gen.ts'
import { type Line, Script } from '../../../text/script.ts'
import { createSpokenArgument, type SpokenArgument } from '../../../text/spoken-argument.ts'
import { speakingTool } from '../history.ts'
import type { LiveAsking } from '../plan.ts'

/** Told of what an answer says; by the index of its block. */
export interface SpeechListener {
  /** A sentence is to be said. */
  say(index: number, text: string): void
  /** More of a call that speaks is certain. */
  wrote(index: number, text: string): void
  /** There are words that the model wrote and did not ask to be said. Once for an answer. */
  plain(): void
}

/**
 * Makes sentences of what one answer says, while it is written: of the text of its calls that speak, and of its own text where that is
 * spoken. What stands in one block is never said with what stands in another.
 *
 * The end of a block is not told before it is known what follows: what is said before something else ends as a paragraph does.
 */
export class AnswerSpeech {
  readonly #gate: LiveAsking['speechGate']
  readonly #listener: SpeechListener
  readonly #script: Script
  /** The block that is being said, or that was said last. */
  #current: number | undefined
  readonly #arguments = new Map<number, SpokenArgument>()
  /** The text that a call has brought along at its beginning, for those that do not write it after that. */
  readonly #given = new Map<number, string>()
  /** What nobody would say, and is said with what comes next. */
  #silent = ''
  #hasCalls = false
  #isPlain = false

  constructor({ speechGate, script = usual }: Pick<LiveAsking, 'speechGate' | 'script'>, listener: SpeechListener) {
    this.#gate = speechGate
    this.#listener = listener
    this.#script = new Script({ ...script, firstClause: true })
  }

  add(event: StreamEvent): void {
    switch (event.type) {
      case 'content_block_start':
        this.#begin(event.index, event.content_block)
        return
      case 'content_block_delta':
        if (event.delta.type === 'text_delta') this.#text(event.index, event.delta.text)
        else if (event.delta.type === 'input_json_delta') this.#json(event.index, event.delta.partial_json)
        return
      case 'content_block_stop':
        this.#end(event.index)
        return
      case 'message_delta':
        this.#finish(this.#hasCalls || isPause(event.delta.stop_reason))
    }
  }

  #begin(index: number, block: ContentBlock): void {
    if (block.type === 'text') {
      this.#text(index, block.text)
      return
    }
    if (block.type !== 'tool_use') return
    if (block.name !== speakingTool) {
      this.#hasCalls = true
      this.#finish(true)
      return
    }
    this.#arguments.set(index, createSpokenArgument())
    if (typeof block.input.text === 'string') this.#given.set(index, block.input.text)
  }

  #text(index: number, text: string): void {
    if (!this.#isPlain && /\S/.test(text)) {
      this.#isPlain = true
      this.#listener.plain()
    }
    if (this.#gate === 'lenient') this.#push(index, text)
  }

  #json(index: number, json: string): void {
    if (json !== '') this.#given.delete(index)
    this.#write(index, this.#arguments.get(index)?.push(json) ?? '')
  }

  #write(index: number, text: string): void {
    if (text === '') return
    this.#listener.wrote(index, text)
    this.#push(index, text)
  }

  #end(index: number): void {
    const given = this.#given.get(index)
    this.#given.delete(index)
    this.#arguments.delete(index)
    if (given !== undefined) this.#write(index, given)
  }

  #push(index: number, text: string): void {
    if (text === '') return
    if (index !== this.#current) this.#finish(true)
    this.#current = index
    this.#say(this.#script.push(text))
  }

  /** What was written so far is said as it is, before whatever comes, if something does. */
  #finish(isFollowed: boolean): void {
    if (this.#current === undefined) return
    this.#say(isFollowed ? this.#script.pause() : this.#script.end())
    // Space alone is said by nobody, and is missed by nobody.
    if (/\S/.test(this.#silent)) this.#listener.say(this.#current, this.#silent)
    this.#silent = ''
    this.#current = undefined
  }

  #say(lines: readonly Line[]): void {
    for (const { text, say } of lines) {
      this.#silent += text
      if (say === '' || this.#current === undefined) continue
      this.#listener.say(this.#current, this.#silent)
      this.#silent = ''
    }
  }
}

const usual: NonNullable<LiveAsking['script']> = { language: undefined, maxCharacters: 300 }

/** The provider has stopped in the middle of its own tools, and goes on. */
function isPause(stopReason: string | null): boolean {
  return stopReason === 'pause_turn' || stopReason === 'compaction'
}
