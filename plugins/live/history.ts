import { asParam } from '../../api/block-param.ts'
import type { ContentBlock, ContentBlockParam, MessageParam } from '../../api/schemas.gen.ts'

/**
 * What was said in a session, twice: as it happened, for whoever looks into it later, and as it was played, which is what the model sees. Of
 * the assistant's words the latter has those alone that somebody heard.
 *
 *   1. The user's words wait in `asked` until their turn is over. A turn that is taken back leaves them there, and what is said then
 *      goes on the same message (`withWords`). So nothing of theirs is lost, and nothing is there twice.
 *   2. A turn that is over (`committed`) adds what was asked and what was heard. Text, and the text of the calls that speak, is cut
 *      to that; where nothing of it was heard it goes, and the message with it if nothing else is in it.
 *   3. Calls that were made stay, whatever was heard. Every call has its result behind it; one that was broken off is answered with that.
 *   4. The user begins, and the roles take turns: what one says twice in a row is one message. So the messages that a turn adds can be
 *      joined to those before it (`joined`) by whoever keeps the same history.
 */
export interface LiveHistory {
  readonly played: readonly MessageParam[]
  /** The user's message of the turn under way; and what of it `happenedIn` has not told yet. */
  readonly asked: Blocks
  readonly unrecorded: Blocks
  /** What goes with the user's next message. */
  readonly attached: Blocks
}

/** One answer of the model within a turn, as far as it came, with what became of its calls. */
export interface LiveStep {
  readonly content: readonly ContentBlock[]
  /** In any order; a call without one was broken off. */
  readonly results: readonly LiveResult[]
  /**
   * What was to be heard of the blocks that speak, in their order: of texts and of calls of `talk_to_user`, also where that is nothing. Put
   * together, those of all steps are what was spoken in the turn.
   */
  readonly spoken: readonly string[]
}

/** Why the user heard no more of an answer: they broke in, nobody could say the rest, or it ended for another reason. */
export type Cut = 'interrupted' | 'unspoken' | 'stopped'

export interface LiveResult {
  readonly tool_use_id: string
  readonly content: Extract<ContentBlockParam, { type: 'tool_result' }>['content']
  readonly is_error: boolean
}

type Blocks = readonly ContentBlockParam[]

/** The tool with which a model speaks. */
export const speakingTool = 'talk_to_user'

export function beginHistory(messages: readonly MessageParam[]): LiveHistory {
  return { played: messages, asked: [], unrecorded: [], attached: [] }
}

// ── The user ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Keeps what goes with the user's next message. */
export function withAttached(history: LiveHistory, content: MessageParam['content']): LiveHistory {
  return { ...history, attached: [...history.attached, ...blocksOf(content)] }
}

/** The user has asked: what was attached, what was said and what was typed. Where a turn was taken back, its message goes on with it. */
export function withWords(history: LiveHistory, text: string, typed: readonly MessageParam['content'][] = []): LiveHistory {
  const added = [...history.attached, ...blocksOf(text), ...typed.flatMap(blocksOf)]
  return {
    ...history,
    asked: extended(history.asked, added),
    unrecorded: extended(history.unrecorded, added),
    attached: [],
  }
}

/** What the model is asked. */
export function requestOf({ played, asked }: LiveHistory): readonly MessageParam[] {
  return joined(played, ...messageOf('user', asked))
}

/** Words that are said on are one text. */
function extended(before: Blocks, added: Blocks): Blocks {
  const [last, first] = [before.at(-1), added[0]]
  if (last?.type !== 'text' || first?.type !== 'text') return [...before, ...added]
  return [...before.slice(0, -1), { ...last, text: `${last.text} ${first.text}` }, ...added.slice(1)]
}

// ── The end of a turn ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * A turn is over of which `heard` was heard, a beginning of what was spoken, and no more because of `cut`. `append` is what it adds to the messages
 * before it.
 */
export function committed(
  history: LiveHistory,
  steps: readonly LiveStep[],
  heard: string,
  cut: Cut = 'stopped',
): { readonly history: LiveHistory; readonly append: readonly MessageParam[] } {
  const answer = joined([], ...playedOf(steps, heard, cut))
  const question = messageOf('user', history.asked)
  const isFirst = history.played.length === 0 && question.length === 0 && answer.length > 0
  const append = joined([], ...(isFirst ? opening : question), ...answer)
  return { history: { ...history, played: joined(history.played, ...append), asked: [], unrecorded: [] }, append }
}

/** A turn is over whose question the model cannot be asked with: it stays with what happened, and is asked no more. */
export function refused(history: LiveHistory): LiveHistory {
  return { ...history, asked: [], unrecorded: [] }
}

/** A turn was taken back: the model is to see nothing of its answer, and the question waits for what is said next. */
export function takenBack(history: LiveHistory): LiveHistory {
  return { ...history, unrecorded: [] }
}

/** What a turn adds to all that happened, whatever was heard of it. To be asked before it ends, or is taken back. */
export function happenedIn(
  { unrecorded }: LiveHistory,
  steps: readonly LiveStep[],
  cut: Cut = 'stopped',
): readonly MessageParam[] {
  const answer = steps.flatMap(({ content, results }) => messagesOf(content.map(asParam), results, cut, () => wasAsked))
  return [...messageOf('user', unrecorded), ...answer]
}

/** Messages with others behind them, of which those of one role in a row are one. */
export function joined(messages: readonly MessageParam[], ...more: readonly MessageParam[]): readonly MessageParam[] {
  const all = [...messages]
  joinBehind(all, more)
  return all
}

/** Puts messages behind others in the same way, which are not copied for that. */
export function joinBehind(messages: MessageParam[], more: readonly MessageParam[]): void {
  for (const message of more) {
    const last = messages.at(-1)
    if (last?.role === message.role && message.role !== 'system') {
      messages[messages.length - 1] = { role: last.role, content: [...blocksOf(last.content), ...blocksOf(message.content)] }
    } else messages.push(message)
  }
}

/** Models are asked by a user, also where the assistant is the first to speak. */
const opening: readonly MessageParam[] = [{ role: 'user', content: [{ type: 'text', text: '(The conversation begins.)' }] }]

// ── What was heard of an answer ─────────────────────────────────────────────────────────────────────────────────────────

function playedOf(steps: readonly LiveStep[], heard: string, cut: Cut): MessageParam[] {
  const hearing = new Hearing(heard)
  return steps.flatMap(({ content, results, spoken }) => {
    const whole = new Set<string>()
    let index = 0
    const kept = content.flatMap((block): Blocks => {
      if (!speaks(block)) return isPending(block, content) ? [] : [asParam(block)]
      const own = hearing.of(spoken[index++] ?? '')
      if (own.isWhole && block.type === 'tool_use') whole.add(block.id)
      return heardBlock(block, own.heard)
    })
    const told = (id: string) => (whole.has(id) ? wasWhole : speechCut[cut])
    return messagesOf(withoutLastThoughts(kept), results, cut, told)
  })
}

/** Goes along what was spoken for as far as it was heard. */
class Hearing {
  #rest: string

  constructor(heard: string) {
    this.#rest = heard
  }

  /** What was heard of the next piece; nothing where another was heard than was spoken. */
  of(spoken: string): { readonly heard: string; readonly isWhole: boolean } {
    const rest = this.#rest
    this.#rest = rest.startsWith(spoken) ? rest.slice(spoken.length) : ''
    const common = rest.startsWith(spoken) ? spoken : spoken.startsWith(rest) ? rest : ''
    return { heard: common.trim(), isWhole: common.trimEnd() === spoken.trimEnd() }
  }
}

type SpeakingBlock = Extract<ContentBlock, { type: 'text' | 'tool_use' }>

function speaks(block: ContentBlock): block is SpeakingBlock {
  return block.type === 'text' || (block.type === 'tool_use' && block.name === speakingTool)
}

function heardBlock(block: SpeakingBlock, heard: string): Blocks {
  if (heard === '') return []
  if (block.type === 'tool_use') {
    return [block.input.text === heard ? block : { ...block, input: { ...block.input, text: heard } }]
  }
  return [block.text === heard ? block : { type: 'text', text: heard }]
}

/**
 * A call of the provider's own tools that it has not answered itself: only it could go on with that. One that has called another tool itself stays
 * with that call, which means nothing without it.
 */
function isPending(block: ContentBlock, content: readonly ContentBlock[]): boolean {
  if (block.type !== 'server_tool_use' && block.type !== 'mcp_tool_use') return false
  return !content.some((other) => ('tool_use_id' in other && other.tool_use_id === block.id) || isCalledBy(other, block.id))
}

function isCalledBy(block: ContentBlock, id: string): boolean {
  return block.type === 'tool_use' && block.caller !== undefined && 'tool_id' in block.caller && block.caller.tool_id === id
}

/** A thought before nothing is refused by the provider that had it. */
function withoutLastThoughts(content: Blocks): Blocks {
  return content.slice(0, content.findLastIndex(({ type }) => type !== 'thinking' && type !== 'redacted_thinking') + 1)
}

/** What the model is told of a call that spoke; and what is kept of it where that is not asked. */
const wasWhole = 'The user heard all of it.'
const wasAsked = 'The call ended the answer.'
const speechCut: Readonly<Record<Cut, string>> = {
  interrupted: 'The user interrupted, and heard no more than this.',
  unspoken: 'The voice failed. The rest could not be spoken: the user heard no more than this.',
  stopped: 'It was broken off, and the user heard no more than this.',
}

const notRun = 'The tool was not run to its end'
const toolCut: Readonly<Record<Cut, string>> = {
  interrupted: `${notRun}: the user interrupted.`,
  unspoken: `${notRun}.`,
  stopped: `${notRun}.`,
}

// ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An answer with the results of its calls, in their order. `told` says what a call that spoke is answered with. */
function messagesOf(content: Blocks, results: readonly LiveResult[], cut: Cut, told: (id: string) => string): MessageParam[] {
  const answers = content.flatMap((block): Blocks => {
    if (block.type !== 'tool_use') return []
    const own = results.find(({ tool_use_id: id }) => id === block.id) ?? { content: toolCut[cut], is_error: true }
    const { content: answer, is_error } = block.name === speakingTool ? { content: told(block.id), is_error: false } : own
    return [
      {
        type: 'tool_result',
        tool_use_id: block.id,
        ...(answer !== undefined && { content: answer }),
        ...(is_error && { is_error }),
      },
    ]
  })
  return [...messageOf('assistant', content), ...messageOf('user', answers)]
}

function messageOf(role: 'user' | 'assistant', content: Blocks): MessageParam[] {
  return content.length === 0 ? [] : [{ role, content: [...content] }]
}

/** Text without a word is refused by many. */
function blocksOf(content: MessageParam['content']): Blocks {
  if (typeof content !== 'string') return content
  const text = content.trim()
  return text === '' ? [] : [{ type: 'text', text }]
}
