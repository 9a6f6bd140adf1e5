import { describe, expect, it } from 'vitest'
import { costOf } from '../../../plugins/messages/cost.ts'
import { geminiApi } from '../../../providers/gemini/index.ts'
import { unusualTier, usageOf } from '../../../providers/gemini/usage.ts'
import { json } from '../../upstreams/behaviour.ts'
import { callTo } from '../openai-chat/drive.ts'
import { chunk, type Json, request } from './chunks.ts'
import { complete } from './drive.ts'

describe('the tier of an answer', () => {
  it.each<[Json, string | undefined, string | undefined]>([
    [{}, undefined, undefined],
    [{ serviceTier: 'standard' }, 'flex', undefined],
    [{ serviceTier: 'flex' }, undefined, 'flex'],
    [{ serviceTier: 'SERVICE_TIER_PRIORITY' }, 'standard', 'priority'],
    [{ trafficType: 'ON_DEMAND' }, undefined, undefined],
    [{ trafficType: 'TRAFFIC_TYPE_UNSPECIFIED' }, undefined, undefined],
    [{ trafficType: 'ON_DEMAND_FLEX' }, undefined, 'on_demand_flex'],
    [{ trafficType: 'PROVISIONED_THROUGHPUT' }, undefined, 'provisioned_throughput'],
    [{}, 'flex', 'flex'],
    [{}, 'standard', undefined],
  ])('%j asked for as %s is %s', (usage, asked, tier) => {
    expect(unusualTier(usage, asked)).toBe(tier)
  })

  it.each<[string, Json, Json | undefined, number | undefined]>([
    ['the usual one', { serviceTier: 'standard' }, undefined, 0.000002],
    ['one that the answer tells', { serviceTier: 'flex' }, undefined, undefined],
    ['one that only the request names', {}, { serviceTier: 'priority' }, undefined],
  ])('makes the cost: %s', async (_, told, extension, dollars) => {
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, ...told }
    const { call } = await callTo(json({ ...chunk([{ text: 'x' }], { finishReason: 'STOP' }), usageMetadata }))
    const asked = { ...request, ...(extension && { extensions: { 'gem-dev': extension } }) }
    const { usage, metadata } = await complete(geminiApi, asked, { ...call, model: 'gemini-3-flash' })
    const prices = { asked: { as_of: '2026-11-21', source: 'the test', input: 1, output: 1 }, of: () => undefined }
    expect(costOf(usage, metadata?.provider ?? {}, prices)).toBe(dollars)
  })
})

describe('sound from the cache', () => {
  const details = (tokenCount: number): Json[] => [{ modality: 'AUDIO', tokenCount }]
  const raw = {
    promptTokenCount: 100,
    candidatesTokenCount: 1,
    cachedContentTokenCount: 60,
    promptTokensDetails: details(50),
    cacheTokensDetails: details(20),
  }
  const source = { as_of: '2026-11-21', source: 'the test' }
  const rates = { ...source, input: 1, output: 1, cache_read: 0.1 }

  it('is told, and has no cost where sound is dearer than text', () => {
    const usage = usageOf(raw, 0)
    expect(usage.input_tokens_details).toEqual({ audio_tokens: 30, cached_audio_tokens: 20 })
    expect(costOf(usage, {}, { asked: { ...rates, audio_input: 3 }, of: () => undefined })).toBeUndefined()
    expect(costOf(usage, {}, { asked: { ...rates, audio_input: 1 }, of: () => undefined })).toBe(0.000047)
    const unheard = usageOf(
      { ...raw, cachedContentTokenCount: 40, cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 40 }] },
      0,
    )
    expect(costOf(unheard, {}, { asked: { ...rates, audio_input: 3 }, of: () => undefined })).toBeDefined()
  })
})
