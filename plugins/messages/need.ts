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

/** What the gateway itself is to hear and to speak may need, at the most. */
export interface VoiceNeed {
  /** Of sound, which becomes text that a model reads. */
  readonly heardSeconds: number
  /** To hear that and to speak an answer of so many tokens; what has no price counts nothing. */
  dollars(outputTokens: number): number
}

/** What vendors of speech have heard and spoken, whatever became of it. */
export interface VoiceSpent {
  readonly heardSeconds: number
  readonly dollars: number
}

/** Counts the voice of one turn. */
export interface VoiceCount {
  readonly need: VoiceNeed
  readonly spent: VoiceSpent
}

/** The most that a request may need, whichever model answers; `jsonBytes` is its length as JSON but for the sound that is heard. */
export function needOf(request: Asking, jsonBytes: number, candidates: readonly Candidate[], voice?: VoiceNeed): Need {
  const inputTokens = inputTokensOf(request, jsonBytes) + tokensHeard(voice)
  const needs = candidates.map(({ capabilities, prices }) => {
    const asked = request.max_tokens ?? capabilities.defaultMaxTokens
    const outputTokens = Math.min(asked, capabilities.maxOutputTokens ?? asked)
    const dollars = plus(listPrice(inputTokens, outputTokens, prices), voice?.dollars(outputTokens) ?? 0)
    return { outputTokens, nanodollars: nanodollarsOf(dollars) }
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
}

/** The same for a request whose sound was heard for so long, and not for as long as it might have been. */
export function onceHeard(need: Need, reserved: VoiceNeed, spent: VoiceSpent): Need {
  return { ...need, inputTokens: need.inputTokens - tokensHeard(reserved) + tokensHeard(spent) }
}

/** What a model's answer came to, without its voice. A stream that broke off has told little of that, so that its length counts too. */
export function spentOn(
  { usage, bytes, isStream, isComplete }: Answered,
  need: Need,
  prices: PriceList,
): Pick<Need, 'tokens' | 'nanodollars'> {
  const { input_tokens: input, output_tokens: output } = usage
  if (isComplete && input !== undefined && output !== undefined) {
    const told = usage.cost_usd === undefined ? undefined : usage.cost_usd - (usage.voice?.cost_usd ?? 0)
    const cost = told ?? listPrice(input, output, prices)
    return { tokens: usage.total_tokens ?? input + output, nanodollars: nanodollarsOf(cost) }
  }
  const seen = Math.min(need.outputTokens, Math.floor(bytes / (isStream ? bytesOfStreamPerToken : bytesPerToken)))
  const known = { ...usage, input_tokens: input ?? need.inputTokens, output_tokens: Math.max(output ?? 0, seen) }
  const cached = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0)
  const { cost_usd: _, voice: __, ...counted } = known
  const cost = costOf(counted, {}, prices) ?? listPrice(known.input_tokens, known.output_tokens, prices)
  return { tokens: known.input_tokens + cached + known.output_tokens, nanodollars: nanodollarsOf(cost) }
}

// ── Input ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const bytesPerToken = 4
const tokensPerPicture = 1500
const tokensPerDocument = 3000
/** Of speech; people say two or three words a second. */
const tokensPerSecond = 3
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

function tokensHeard(voice: Pick<VoiceNeed, 'heardSeconds'> | undefined): number {
  return Math.ceil((voice?.heardSeconds ?? 0) * tokensPerSecond)
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
export function nanodollarsOf(dollars: number | undefined): number {
  return Math.round((dollars ?? 0) * 1e9)
}
