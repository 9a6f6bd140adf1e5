import type { Capabilities, Feature, Support } from './capabilities.ts'

/** The API's own values; not every model takes each. */
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

/** What is known of OpenAI's models. A model that is not known is tried. */
export function capabilitiesOf(model: string): Capabilities {
  return familyOf(model)?.capabilities ?? unknown
}

/** The `reasoning_effort` nearest to no thinking at all; undefined for models that do not reason, which refuse the field. */
export function effortOfNoThinking(model: string): ReasoningEffort | undefined {
  const family = familyOf(model)
  return family ? family.lowestEffort : 'none'
}

/** Whether a model may reason, as far as its name tells: what is not known is taken to. */
export function mayReason(model: string): boolean {
  return capabilitiesOf(model).features['thinking.enabled'] !== 'unsupported'
}

/** A fine-tuned model, `ft:gpt-4.1:…`, does what the model does that it was made of. */
function familyOf(model: string): Family | undefined {
  const name = model.replace(/^ft:/, '')
  return families.find(({ prefix }) => name.startsWith(prefix))
}

interface Family {
  readonly prefix: string
  readonly capabilities: Capabilities
  /** Undefined where the models do not reason. */
  readonly lowestEffort?: ReasoningEffort
}

const images = ['block.image.base64', 'block.image.url'] as const
// Adaptive thinking is none where the model does not think, so that every model takes it.
const reasoning = ['thinking.enabled', 'output_config.effort'] as const
const audio = ['block.audio'] as const
const tools = ['tool.custom'] as const

// The longer prefix stands before the shorter: the first that fits counts.
const families: readonly Family[] = [
  { prefix: 'gpt-5-chat', capabilities: model(128_000, 16_384, known(images), missing(reasoning, audio)) },
  {
    prefix: 'gpt-5-',
    capabilities: model(400_000, 128_000, known(images, reasoning, tools), missing(audio)),
    lowestEffort: 'minimal',
  },
  { prefix: 'gpt-5.', capabilities: { ...unnumbered(), features: known(images, reasoning, tools) }, lowestEffort: 'none' },
  {
    prefix: 'gpt-5',
    capabilities: model(400_000, 128_000, known(images, reasoning, tools), missing(audio)),
    lowestEffort: 'minimal',
  },
  { prefix: 'gpt-4.1', capabilities: model(1_047_576, 32_768, known(images, tools), missing(reasoning, audio)) },
  { prefix: 'gpt-4o-audio', capabilities: model(128_000, 16_384, known(audio, tools), missing(reasoning)) },
  { prefix: 'gpt-4o-mini-audio', capabilities: model(128_000, 16_384, known(audio, tools), missing(reasoning)) },
  { prefix: 'gpt-4o', capabilities: model(128_000, 16_384, known(images), missing(reasoning, audio)) },
  { prefix: 'chatgpt-4o', capabilities: model(128_000, 16_384, known(images), missing(reasoning, audio)) },
  { prefix: 'gpt-4-turbo', capabilities: model(128_000, 4_096, known(images, tools), missing(reasoning, audio)) },
  { prefix: 'gpt-4', capabilities: { ...unnumbered(), features: missing(reasoning, audio) } },
  { prefix: 'gpt-3.5', capabilities: { ...unnumbered(), features: missing(reasoning, audio, images) } },
  { prefix: 'o1-mini', capabilities: model(128_000, 65_536, missing(images, audio, tools)), lowestEffort: 'low' },
  {
    prefix: 'o3-mini',
    capabilities: model(200_000, 100_000, known(reasoning, tools), missing(images, audio)),
    lowestEffort: 'low',
  },
  { prefix: 'o1', capabilities: { ...unnumbered(), features: missing(audio) }, lowestEffort: 'low' },
  { prefix: 'o3', capabilities: model(200_000, 100_000, known(images, reasoning, tools), missing(audio)), lowestEffort: 'low' },
  { prefix: 'o4', capabilities: model(200_000, 100_000, known(images, reasoning, tools), missing(audio)), lowestEffort: 'low' },
]

const unknown: Capabilities = { ...unnumbered(), features: {} }

/** The provider needs no `max_tokens`; this is for estimates alone. */
function unnumbered(): { defaultMaxTokens: number } {
  return { defaultMaxTokens: 4096 }
}

function model(contextWindow: number, maxOutputTokens: number, ...features: Partial<Record<Feature, Support>>[]): Capabilities {
  return { ...unnumbered(), contextWindow, maxOutputTokens, features: Object.assign({}, ...features) }
}

function known(...groups: (readonly Feature[])[]): Partial<Record<Feature, Support>> {
  return Object.fromEntries(groups.flat().map((feature) => [feature, 'supported']))
}

function missing(...groups: (readonly Feature[])[]): Partial<Record<Feature, Support>> {
  return Object.fromEntries(groups.flat().map((feature) => [feature, 'unsupported']))
}
