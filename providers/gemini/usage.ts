import { isRecord } from '../../api/json.ts'
import type { Usage } from '../../api/schemas.gen.ts'

/**
 * Canonical usage from Gemini's `usageMetadata`. What it does not say stays undefined.
 *
 * `promptTokenCount` includes what was read from the cache, which Anthropic's `input_tokens` exclude; what its own tools put into
 * the prompt is counted beside it. `candidatesTokenCount` leaves thinking out.
 */
export function usageOf(raw: Readonly<Record<string, unknown>>, searches: number): Usage {
  const prompt = count(raw.promptTokenCount)
  const ofTools = count(raw.toolUsePromptTokenCount)
  const cached = count(raw.cachedContentTokenCount)
  const candidates = count(raw.candidatesTokenCount)
  const thoughts = count(raw.thoughtsTokenCount)
  const input = sum(prompt, ofTools)
  const output = sum(candidates, thoughts)
  const sounds = {
    ...withNumber('audio_tokens', uncachedAudio(raw)),
    // Its price is another than that of cached text, and told nowhere.
    ...withNumber('cached_audio_tokens', cachedAudio(raw) || undefined),
  }
  return {
    ...(input !== undefined && { input_tokens: Math.max(0, input - (cached ?? 0)) }),
    ...(cached !== undefined && { cache_read_input_tokens: cached }),
    ...(Object.keys(sounds).length > 0 && { input_tokens_details: sounds }),
    ...(output !== undefined && { output_tokens: output }),
    ...(thoughts !== undefined && { output_tokens_details: { thinking_tokens: thoughts } }),
    ...(searches > 0 && { server_tool_use: { web_search_requests: searches } }),
  }
}

/** How much of the uncached input is sound, which has a price of its own; undefined where the details leave it open. */
function uncachedAudio(raw: Readonly<Record<string, unknown>>): number | undefined {
  if (!Array.isArray(raw.promptTokensDetails)) return undefined
  const heard = audioIn(raw.promptTokensDetails)
  if (heard === 0 || !count(raw.cachedContentTokenCount)) return heard
  return Array.isArray(raw.cacheTokensDetails) ? Math.max(0, heard - audioIn(raw.cacheTokensDetails)) : undefined
}

function cachedAudio(raw: Readonly<Record<string, unknown>>): number {
  return Array.isArray(raw.cacheTokensDetails) ? audioIn(raw.cacheTokensDetails) : 0
}

/**
 * The tier of service, or the kind of traffic, under which the answer came, where its tokens have another price than usual; undefined
 * elsewhere. `asked` is the tier that the request names, which counts where the answer says nothing.
 */
export function unusualTier(raw: Readonly<Record<string, unknown>>, asked: string | undefined): string | undefined {
  const told = [raw.serviceTier, raw.trafficType].filter((tier) => typeof tier === 'string' && tier !== '')
  return (told.length > 0 ? told : [asked ?? '']).map(shortTier).find((tier) => !usualTiers.has(tier))
}

const usualTiers: ReadonlySet<string> = new Set(['', 'standard', 'on_demand', 'unspecified'])

/** `SERVICE_TIER_FLEX` and `flex` are the same. */
function shortTier(tier: unknown): string {
  return String(tier)
    .toLowerCase()
    .replace(/^(?:service_tier|traffic_type)_/, '')
}

function withNumber(name: string, value: number | undefined): Record<string, number> {
  return value === undefined ? {} : { [name]: value }
}

function audioIn(details: readonly unknown[]): number {
  const audio = details.filter((detail) => isRecord(detail) && detail.modality === 'AUDIO')
  return audio.reduce((tokens: number, detail) => tokens + (isRecord(detail) ? (count(detail.tokenCount) ?? 0) : 0), 0)
}

/** The number of tokens that countTokens answers; undefined where it is no such answer. */
export function totalTokensOf(answer: unknown): number | undefined {
  return isRecord(answer) ? count(answer.totalTokens) : undefined
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined
}
