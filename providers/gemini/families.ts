import type { ThinkingLevel } from './wire.ts'

/** What is known of a model by its name. */
export interface Family {
  /** How its thinking is steered; `none` where it does not think. */
  readonly thinking: Thinking
  /** Whether it refuses function calls without a thought signature, and takes files inside of function responses. */
  readonly isGemini3: boolean
  /** Whether it makes images; undefined where that is not known. */
  readonly images: boolean | undefined
  /** Whether no more is known than that it sees pictures; others take PDF, sound and film, too. */
  readonly picturesAlone: boolean
  /** Whether it samples as it sees fit, whatever it is told. */
  readonly ignoresSampling: boolean
  /** False where the name says nothing. */
  readonly isKnown: boolean
}

export type Thinking =
  | { readonly by: 'none' }
  /** Tokens; `least` is what comes nearest to no thinking at all. */
  | { readonly by: 'budget'; readonly least: number; readonly smallest: number; readonly largest: number }
  /** In the order of their depth. */
  | { readonly by: 'level'; readonly levels: readonly [ThinkingLevel, ...ThinkingLevel[]] }

/** A name that says nothing is taken for a model newer than those that are known. */
export function familyOf(model: string): Family {
  const name = model.slice(model.lastIndexOf('/') + 1)
  const row = rows.find(({ pattern }) => pattern.test(name))
  return row ? row.family : { ...gemini3(common), images: undefined, isKnown: false }
}

// What is told of MINIMAL disagrees for some models; these three are taken by nearly all that think by levels.
const common = ['LOW', 'MEDIUM', 'HIGH'] as const
const none: Thinking = { by: 'none' }

function gemini2(thinking: Thinking, images = false): Family {
  return { thinking, isGemini3: false, images, picturesAlone: false, ignoresSampling: false, isKnown: true }
}

function gemini3(levels: readonly [ThinkingLevel, ...ThinkingLevel[]], images = false): Family {
  return { ...gemini2({ by: 'level', levels }, images), isGemini3: true }
}

// The first that fits counts.
const rows: readonly { readonly pattern: RegExp; readonly family: Family }[] = [
  { pattern: /^gemma-4/, family: { ...gemini2({ by: 'level', levels: ['MINIMAL', 'HIGH'] }), picturesAlone: true } },
  { pattern: /^gemma-/, family: { ...gemini2(none), picturesAlone: true } },
  { pattern: /^(?:gemini-1|gemini-2\.0|learnlm)/, family: { ...gemini2(none), images: undefined } },
  { pattern: /^gemini-2\.5-flash-image/, family: gemini2(none, true) },
  { pattern: /^gemini-2\.5-.*tts/, family: gemini2(none) },
  { pattern: /^gemini-2\.5-pro/, family: gemini2({ by: 'budget', least: 128, smallest: 128, largest: 32_768 }) },
  { pattern: /^gemini-2\.5-flash-lite/, family: gemini2({ by: 'budget', least: 0, smallest: 512, largest: 24_576 }) },
  { pattern: /^gemini-2/, family: gemini2({ by: 'budget', least: 0, smallest: 1, largest: 24_576 }) },
  { pattern: /^gemini-3\.1-flash.*image/, family: gemini3(['MINIMAL', 'HIGH'], true) },
  { pattern: /^gemini-3(?:\.\d+)?-.*image/, family: gemini3(common, true) },
  { pattern: /^gemini-3-pro/, family: gemini3(['LOW', 'HIGH']) },
  { pattern: /^gemini-3-flash/, family: gemini3(['MINIMAL', ...common]) },
  { pattern: /^gemini-3\.(?:1-flash-lite|5-flash(?!-lite))/, family: gemini3(['MINIMAL', ...common]) },
  { pattern: /^gemini-3/, family: gemini3(common) },
  { pattern: /^gemini-4-argon/, family: { ...gemini3(common), ignoresSampling: true } },
]
