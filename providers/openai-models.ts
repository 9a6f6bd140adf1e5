import type { Capabilities, Feature } from './capabilities.ts'
import type { StrictMode } from './output-schema.ts'
import { effortOf, nearestEffort, type ReasoningEffort, switchingEffort, type ThinkingWish } from './thinking-wish.ts'

/** What is known of OpenAI's models by their names; numbers stand in the catalogue. A model that is not known is tried. */
export function capabilitiesOf(model: string): Capabilities {
  // The provider needs no `max_tokens`; this is for estimates alone.
  return { defaultMaxTokens: 4096, features: familyOf(model)?.features ?? {} }
}

/** What is known of them over Chat Completions, where some call no tools. */
export function chatCapabilitiesOf(model: string): Capabilities {
  const { features, ...rest } = capabilitiesOf(model)
  return { ...rest, features: { ...features, ...(chatToolsOf(model) === 'never' && missing(tools)) } }
}

/** How a model calls tools over Chat Completions; undefined where nothing has to be heeded. */
export function chatToolsOf(model: string): ChatTools | undefined {
  return familyOf(model)?.chatTools
}

/**
 *   - `never`: it calls none;
 *   - `none`: only where `reasoning_effort` is said to be none;
 *   - `unsaid`: only where no effort is said, which means none;
 *   - `no_effort`: only without an effort, or with none.
 */
export type ChatTools = 'never' | 'none' | 'unsaid' | 'no_effort'

/**
 * The effort to be sent, of those that the model has: the next higher of the one that is asked for, or the lowest for no thinking.
 * Undefined where none is asked for, but for adaptive thinking where the model has none by itself; and for models that do not
 * reason, which refuse the field.
 */
export function fittedEffort(wish: ThinkingWish, model: string, api: 'chat' | 'responses'): ReasoningEffort | undefined {
  const effort = effortOf(wish)
  const all = familyOf(model)?.efforts
  if (!all) return wish.thinks === false ? 'none' : effort
  // The highest is the Responses API's alone.
  const known = api === 'chat' ? all.filter((each) => each !== 'max') : all
  return wish.thinks === false ? known[0] : effort ? nearestEffort(effort, known) : switchingEffort(wish, known)
}

/** Whether a model takes another `temperature` and `top_p` than 1 beside this effort, as far as is known. */
export function takesSampling(model: string, effort: ReasoningEffort | undefined): boolean {
  const sampling = familyOf(model)?.sampling
  return !(sampling === 'never' || (sampling === 'without_thinking' && effort !== undefined && effort !== 'none'))
}

/** Whether a model may reason, as far as its name tells: what is not known is taken to. */
export function mayReason(model: string): boolean {
  return capabilitiesOf(model).features['thinking.enabled'] !== 'unsupported'
}

/** Which strict mode for schemas a model has: a fine-tuned one takes fewer keywords. */
export function strictModeOf(model: string): StrictMode {
  return model.startsWith('ft:') ? 'common' : 'all'
}

/** Whether a model takes marks of what is to be cached. */
export function takesBreakpoints(model: string): boolean {
  return familyOf(model)?.breakpoints ?? false
}

/** A fine-tuned model, `ft:gpt-4.1:…`, does what the model does that it was made of. */
function familyOf(model: string): Family | undefined {
  if (model === last.model) return last.family
  const name = model.replace(/^ft:/, '')
  const family = families.find(({ names }) => names.test(name))
  last = { model, family }
  return family
}

// One request asks for the family of its model many times, and each look tries two dozen expressions.
let last: { readonly model: string; readonly family: Family | undefined } = { model: '', family: undefined }

interface Family {
  readonly names: RegExp
  readonly features: Features
  /** In their order; empty where the models do not reason, absent where they are not known. */
  readonly efforts?: readonly ReasoningEffort[]
  readonly chatTools?: ChatTools
  /** When they refuse `temperature` and `top_p`; absent where nothing is known. */
  readonly sampling?: 'never' | 'without_thinking'
  /** Whether marks of what is to be cached are taken. */
  readonly breakpoints?: boolean
}

type Features = Capabilities['features']

const images = ['block.image.base64', 'block.image.url'] as const
// Adaptive thinking is none where the model does not think, so that every model takes it.
const reasoning = ['thinking.enabled', 'output_config.effort'] as const
const audio = ['block.audio'] as const
const tools = ['tool.custom'] as const
const stop = ['stop_sequences'] as const

const low = { toHigh: ['low', 'medium', 'high'], toXhigh: ['low', 'medium', 'high', 'xhigh'] } as const

const gpt5: Features = { ...known(images, reasoning, tools), ...missing(audio) }
const gpt5Chat: Features = { ...known(images), ...missing(reasoning, audio) }
const later: Features = known(images, reasoning, tools)
const gpt41: Features = { ...known(images, tools), ...missing(reasoning, audio) }
const gpt4o: Features = { ...known(images), ...missing(reasoning, audio) }
const gpt4oAudio: Features = { ...known(audio, tools), ...missing(reasoning) }
const gpt4Turbo: Features = { ...known(images, tools), ...missing(reasoning, audio) }
const gpt4: Features = missing(reasoning, audio)
const gpt35: Features = missing(reasoning, audio, images)
const o1: Features = missing(audio)
const o1Mini: Features = missing(images, audio, tools)
const o3Mini: Features = { ...known(reasoning, tools), ...missing(images, audio) }
const o3: Features = { ...known(images, reasoning, tools), ...missing(audio, stop) }

const gpt6 = { features: later, sampling: 'without_thinking', breakpoints: true } as const
const thinking = { sampling: 'never' } as const

// The first that fits counts.
const families: readonly Family[] = [
  { names: /^gpt-6(-astra|\.1-sol)/, ...gpt6, ...thinking, efforts: [...low.toXhigh, 'max'], chatTools: 'never' },
  { names: /^gpt-(5\.6|6-sol|6-luna|6\.1-terra)/, ...gpt6, efforts: ['none', ...low.toXhigh, 'max'], chatTools: 'none' },
  { names: /^gpt-5\.\d+-chat/, features: later, efforts: ['medium'] },
  { names: /^gpt-5\.\d+-pro/, features: later, efforts: ['medium', 'high', 'xhigh'] },
  { names: /^gpt-5\.1-codex(?!-max)/, features: later, efforts: low.toHigh },
  { names: /^gpt-5\.\d+-codex/, features: later, efforts: low.toXhigh },
  { names: /^gpt-5\.1/, features: later, efforts: ['none', ...low.toHigh], sampling: 'without_thinking' },
  { names: /^gpt-5\.2/, features: later, efforts: ['none', ...low.toXhigh], sampling: 'without_thinking' },
  {
    names: /^gpt-5\.4/,
    features: later,
    efforts: ['none', ...low.toXhigh],
    chatTools: 'unsaid',
    sampling: 'without_thinking',
  },
  { names: /^gpt-5\.5/, features: later, efforts: ['none', ...low.toXhigh], chatTools: 'no_effort' },
  { names: /^gpt-5\./, features: later },
  { names: /^gpt-5-chat/, features: gpt5Chat, efforts: [] },
  { names: /^gpt-5-pro/, features: gpt5, efforts: ['high'] },
  { names: /^gpt-5-codex/, features: gpt5, efforts: low.toHigh },
  { names: /^gpt-5-search/, features: gpt5 },
  { names: /^gpt-5/, ...thinking, features: gpt5, efforts: ['minimal', ...low.toHigh] },
  { names: /^gpt-4\.1/, features: gpt41, efforts: [] },
  { names: /^gpt-4o(-mini)?-audio/, features: gpt4oAudio, efforts: [] },
  { names: /^(gpt|chatgpt)-4o/, features: gpt4o, efforts: [] },
  { names: /^gpt-4-turbo/, features: gpt4Turbo, efforts: [] },
  { names: /^gpt-4/, features: gpt4, efforts: [] },
  { names: /^gpt-3\.5/, features: gpt35, efforts: [] },
  { names: /^o1-mini/, features: o1Mini, efforts: low.toHigh },
  { names: /^o1/, ...thinking, features: o1, efforts: low.toHigh },
  { names: /^o3-mini/, ...thinking, features: o3Mini, efforts: low.toHigh },
  { names: /^o[34]/, ...thinking, features: o3, efforts: low.toHigh },
]

function known(...groups: (readonly Feature[])[]): Features {
  return Object.fromEntries(groups.flat().map((feature) => [feature, 'supported']))
}

function missing(...groups: (readonly Feature[])[]): Features {
  return Object.fromEntries(groups.flat().map((feature) => [feature, 'unsupported']))
}
