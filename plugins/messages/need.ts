import { arrayOf, isRecord } from '../../api/json.ts'
import type { Usage } from '../../api/schemas.gen.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { costOf, type PriceList } from './cost.ts'

/** How many tokens a request may need, and what that may cost: before it is sent, from its size; and after, from what is known. */

/** Whole numbers. */
export interface Need {
  /** All tokens together. */
  readonly tokens: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly nanodollars: number
}

/** One of the models that may answer. */
export interface Candidate {
  readonly capabilities: Pick<Capabilities, 'defaultMaxTokens' | 'maxOutputTokens'>
  readonly prices: PriceList
}

/** The most that a request may need, whichever model answers; `jsonBytes` is its length as JSON. */
export function needOf(request: Asking, jsonBytes: number, candidates: readonly Candidate[]): Need {
  const inputTokens = inputTokensOf(request, jsonBytes)
  const needs = candidates.map(({ capabilities, prices }) => {
    const asked = request.max_tokens ?? capabilities.defaultMaxTokens
    const outputTokens = Math.min(asked, capabilities.maxOutputTokens ?? asked)
    return { outputTokens, nanodollars: nanodollarsOf(listPrice(inputTokens, outputTokens, prices)) }
  })
  const outputTokens = Math.max(0, ...needs.map((each) => each.outputTokens))
  return {
    tokens: inputTokens + outputTokens,
    inputTokens,
    outputTokens,
    nanodollars: Math.max(0, ...needs.map((each) => each.nanodollars)),
  }
}

export interface Asking {
  readonly messages: unknown
  readonly max_tokens?: number
}

/** What an answer has come to, and where the provider did not say, or has not said yet, about what. */
export interface Answered {
  /** What the provider has told, with the price of it where there is one. */
  readonly usage: Usage
  /** How long the answer is so far, in bytes. */
  readonly bytes: number
  readonly isStream: boolean
  readonly isComplete: boolean
  /** What was heard and spoken, in dollars, where there is a price. */
  readonly voiceCost?: number | undefined
}

/** A stream that broke off has told little of what it came to, so that its length counts too. */
export function spentOn(
  { usage, bytes, isStream, isComplete, voiceCost = 0 }: Answered,
  need: Need,
  prices: PriceList,
): Pick<Need, 'tokens' | 'nanodollars'> {
  const { input_tokens: input, output_tokens: output } = usage
  if (isComplete && input !== undefined && output !== undefined) {
    const cost = usage.cost_usd ?? plus(listPrice(input, output, prices), voiceCost)
    return { tokens: usage.total_tokens ?? input + output, nanodollars: nanodollarsOf(cost) }
  }
  const seen = Math.min(need.outputTokens, Math.floor(bytes / (isStream ? bytesOfStreamPerToken : bytesPerToken)))
  const known = { ...usage, input_tokens: input ?? need.inputTokens, output_tokens: Math.max(output ?? 0, seen) }
  const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0)
  const { cost_usd: _, voice: __, ...counted } = known
  const cost = costOf(counted, {}, prices) ?? listPrice(known.input_tokens, known.output_tokens, prices)
  return { tokens: known.input_tokens + cached + known.output_tokens, nanodollars: nanodollarsOf(plus(cost, voiceCost)) }
}

// ── Input ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const bytesPerToken = 4
const tokensPerPicture = 1500
const tokensPerDocument = 3000
/** An event of a stream carries a few letters in some hundred bytes. */
const bytesOfStreamPerToken = 128

/** By the length of the JSON but for what is in base64, which says nothing of tokens. */
function inputTokensOf({ messages }: Asking, jsonBytes: number): number {
  const media = { bytes: 0, tokens: 0 }
  for (const message of arrayOf(messages)) if (isRecord(message)) addMedia(message.content, media)
  return Math.ceil(Math.max(0, jsonBytes - media.bytes) / bytesPerToken) + media.tokens
}

function addMedia(content: unknown, media: { bytes: number; tokens: number }): void {
  for (const block of arrayOf(content)) {
    if (!isRecord(block)) continue
    if (Array.isArray(block.content)) addMedia(block.content, media)
    if (!isRecord(block.source) || block.source.type === 'text') continue
    if (block.source.type === 'content') addMedia(block.source.content, media)
    else media.tokens += block.type === 'image' ? tokensPerPicture : tokensPerDocument
    if (block.source.type === 'base64' && typeof block.source.data === 'string') media.bytes += block.source.data.length
  }
}

// ── Money ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What so many tokens cost where nothing else is known of them; undefined where there is no price. */
function listPrice(inputTokens: number, outputTokens: number, prices: PriceList): number | undefined {
  const usage: Usage = {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    input_tokens_details: { audio_tokens: 0 },
    output_tokens_details: { audio_tokens: 0, thinking_tokens: 0 },
  }
  return costOf(usage, {}, prices)
}

function plus(cost: number | undefined, more: number): number | undefined {
  return cost === undefined && more === 0 ? undefined : (cost ?? 0) + more
}

/** Whole numbers can be added up without loss. What has no price counts nothing. */
function nanodollarsOf(dollars: number | undefined): number {
  return Math.round((dollars ?? 0) * 1e9)
}
