import type { MessageRequest } from '../../api/schemas.gen.ts'
import { outputSchemaOf } from '../output-schema.ts'
import { effortOfBudget } from '../thinking-wish.ts'
import type { GeminiDialect } from './dialect.ts'
import { type Family, familyOf, type Thinking } from './families.ts'
import { imageConfigOf } from './image-options.ts'
import type { ThinkingConfig, ThinkingLevel } from './wire.ts'

/** The `generationConfig` of a request; empty where the request says nothing of it. */
export function generationConfig(
  request: MessageRequest,
  model: string,
  dialect: GeminiDialect,
): Readonly<Record<string, unknown>> {
  const { max_tokens: maxOutputTokens, stop_sequences: stopSequences } = request
  const modalities = request.output?.modalities
  const imageConfig = request.output?.image ? imageConfigOf(request.output.image, dialect).config : undefined
  const family = familyOf(model)
  const thinkingConfig = thinkingConfigOf(request, family)
  return {
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(!family.ignoresSampling && sampling(request)),
    ...(stopSequences && stopSequences.length > 0 && { stopSequences }),
    ...outputFormat(request),
    ...(modalities && modalities.length > 0 && { responseModalities: modalities.map((modality) => modality.toUpperCase()) }),
    ...(imageConfig && Object.keys(imageConfig).length > 0 && { imageConfig }),
    ...(thinkingConfig && { thinkingConfig }),
  }
}

function sampling({ temperature, top_p: topP, top_k: topK }: MessageRequest): Readonly<Record<string, unknown>> {
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
  }
}

function outputFormat(request: MessageRequest): Readonly<Record<string, unknown>> {
  const output = outputSchemaOf(request)
  return output ? { responseMimeType: 'application/json', responseJsonSchema: output.schema } : {}
}

function thinkingConfigOf(request: MessageRequest, { thinking: way }: Family): ThinkingConfig | undefined {
  // When it thinks between the calls of tools is up to the model.
  const thinking = request.thinking?.type === 'between_tools' ? undefined : request.thinking
  const effort = request.output_config?.effort ?? undefined
  // What does not think refuses the field, even to be told not to think.
  if (way.by === 'none' || (!thinking && effort === undefined)) return undefined
  if (thinking?.type === 'disabled') return leastThinking(way)
  const depth = effort === undefined ? undefined : depthOfEffort[effort]
  const shown = thinking?.type === 'enabled' || thinking?.type === 'adaptive'
  const includeThoughts = shown && thinking.display !== 'omitted'
  return {
    ...amountOfThinking(way, depth, thinking?.type === 'enabled' ? thinking.budget_tokens : undefined, request.max_tokens),
    ...(shown && { includeThoughts }),
  }
}

/** How deep the effort goes, of 3. */
const depthOfEffort = { low: 1, medium: 2, high: 3, xhigh: 3, max: 3 } as const

type Depth = 1 | 2 | 3

function amountOfThinking(
  way: Thinking,
  depth: Depth | undefined,
  budget: number | undefined,
  most: number = Number.POSITIVE_INFINITY,
): ThinkingConfig {
  if (way.by === 'budget') {
    // What is thought counts against the tokens of the answer, of which some have to be left for it.
    const within = (tokens: number, limit: number): number => Math.max(way.smallest, Math.min(way.largest, tokens, limit))
    if (depth !== undefined) {
      return { thinkingBudget: within(depth === 3 ? way.largest : depth === 2 ? 8192 : 1024, Math.floor(most * 0.75)) }
    }
    // -1: as much as the model sees fit.
    return { thinkingBudget: budget === undefined ? -1 : within(budget, most - 1) }
  }
  const wanted = depth ?? (budget === undefined ? undefined : depthOfEffort[effortOfBudget(budget)])
  return way.by === 'none' || wanted === undefined ? {} : { thinkingLevel: levelOf(way.levels, wanted) }
}

/** The level of this depth, or the next one that the model has. */
function levelOf(levels: readonly ThinkingLevel[], depth: Depth): ThinkingLevel {
  const names = (['LOW', 'MEDIUM', 'HIGH'] as const).slice(depth - 1)
  return names.find((name) => levels.includes(name)) ?? 'HIGH'
}

/** As little as the model can do with. */
function leastThinking(way: Exclude<Thinking, { by: 'none' }>): ThinkingConfig {
  return way.by === 'budget' ? { thinkingBudget: way.least } : { thinkingLevel: way.levels[0] }
}
