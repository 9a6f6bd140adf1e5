import { isRecord } from '../../api/json.ts'
import type { StopReason } from '../../api/schemas.gen.ts'
import { hint, said, type Tell } from '../operator-definition.ts'
import type { StopReasons } from '../provider.ts'
import { efforts } from '../thinking-wish.ts'
import type { Quirks } from './quirks.ts'
import { reasoningFields } from './reasoning-blocks.ts'
import { reasoningStyleNames } from './reasoning-request.ts'
import { costFields } from './usage.ts'

/** The quirks of a server: those of `base`, and over them what a configuration says. Every mistake is told with its path. */
export function readQuirks(value: unknown, base: Quirks, path: string, tell: Tell): Quirks {
  if (value === undefined || value === null) return base
  if (!isRecord(value)) {
    tell(`${path}: a mapping is expected, not ${said(value)}`)
    return base
  }
  let quirks = base
  for (const [name, member] of Object.entries(value)) {
    if (isQuirk(name)) quirks = withQuirk(quirks, name, member, `${path}.${name}`, tell)
    else tell(`${path}.${name} is not known${hint(name, Object.keys(readers))}`)
  }
  return quirks
}

/** Every quirk with what it takes and what it means, for the documentation. */
export function quirksInWords(): readonly QuirkInWords[] {
  return Object.entries(readers).map(([name, { meaning, accepts }]) => ({ name, meaning, accepts }))
}

export interface QuirkInWords {
  readonly name: string
  readonly meaning: string
  readonly accepts: string
}

const stopReasonNames = ['end_turn', 'max_tokens', 'tool_use', 'refusal', 'model_context_window_exceeded', 'error'] as const

interface Reader<Value> {
  readonly meaning: string
  readonly accepts: string
  /** Undefined where the value is wrong. */
  read(value: unknown): Value | undefined
}

const readers: { readonly [Name in keyof Quirks]: Reader<Quirks[Name]> } = {
  max_tokens_field: oneOf('What `max_tokens` is called.', ['max_tokens', 'max_completion_tokens']),
  system_role: oneOf('The role of the system prompt.', ['system', 'developer']),
  user_field: oneOf('Where `metadata.user_id` goes.', ['user', 'safety_identifier', 'none']),
  top_k: flag('Whether `top_k` is taken.'),
  max_stop_sequences: {
    meaning: 'The most stop sequences.',
    accepts: 'a whole number; 0 where there is no limit',
    read: (value) => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined),
  },
  reasoning_request: oneOf(
    'How a request says whether and how hard the model is to think: `reasoning_effort`; `reasoning` as OpenRouter has it; `reasoning_enabled` as Together has it; `thinking` as DeepSeek and Z.AI have it; `chat_template` as vLLM has it.',
    reasoningStyleNames,
  ),
  reasoning_efforts: {
    meaning: 'The efforts that the server knows. Others become the next higher one; `none` turns thinking off.',
    accepts: `a list of ${efforts.join(', ')}`,
    read: (value) => {
      const list = Array.isArray(value) ? value : []
      // In their own order, by which the nearest is found.
      return list.every((each) => efforts.some((effort) => effort === each)) && Array.isArray(value)
        ? efforts.filter((effort) => list.includes(effort))
        : undefined
    },
  },
  reasoning_field: oneOf(
    'Where reasoning goes back in the next request: a field of the message, parts of its `content`, or think tags in it.',
    reasoningFields,
  ),
  empty_reasoning: flag('Whether messages beside calls of tools have to bear that field, though there be nothing in it.'),
  think_tags: flag('Whether `<think>…</think>` at the beginning of the text is read as reasoning.'),
  cache_control: flag('Whether marks of what is to be cached are passed on.'),
  tool_ids: oneOf('What ids of tool calls have to look like; others are replaced.', ['any', 'openai', 'mistral']),
  tools: flag('Whether tools can be called.'),
  tool_choice: oneOf(
    '`words`: all but a single tool. `auto`: no choice. `thoughtless`: a call can be forced only where the model does not think.',
    ['all', 'words', 'auto', 'thoughtless'],
  ),
  parallel_tool_calls: flag('Whether `parallel_tool_calls: false` is understood.'),
  json_schema: flag('Whether `response_format` takes a schema.'),
  images: flag('Whether images are taken.'),
  image_urls: flag('Whether an image can be an address, which the server fetches.'),
  files: oneOf('How files are said: a `file` part, one that may hold a URL, a `document_url` part, or not at all.', [
    'none',
    'file',
    'file_or_url',
    'document_url',
  ]),
  audio: flag('Whether `input_audio` parts are taken.'),
  video: flag('Whether `video_url` parts are taken.'),
  prefill: oneOf(
    "Whether an answer can go on from the assistant's last message; `prefix` marks that message as Mistral wants it.",
    ['none', 'plain', 'prefix'],
  ),
  asks_for_usage: flag('Whether a stream tells its usage only when `stream_options` asks for it.'),
  always_done: flag('Whether a stream without `[DONE]` was cut off.'),
  reasoning_outside: flag('Whether `completion_tokens` leave reasoning out.'),
  cost: oneOf('Where `usage` tells what the answer cost.', ['none', ...costFields]),
  stop_reasons: {
    meaning: "The server's own reasons to stop, beside OpenAI's.",
    accepts: `a mapping to ${stopReasonNames.join(', ')}`,
    read: readStopReasons,
  },
}

function withQuirk<Name extends keyof Quirks>(quirks: Quirks, name: Name, value: unknown, path: string, tell: Tell): Quirks {
  const reader: Reader<Quirks[Name]> = readers[name]
  const read = reader.read(value)
  if (read === undefined) {
    tell(`${path}: ${reader.accepts} is expected, not ${said(value)}`)
    return quirks
  }
  return { ...quirks, [name]: read }
}

function isQuirk(name: string): name is keyof Quirks {
  return Object.hasOwn(readers, name)
}

function flag(meaning: string): Reader<boolean> {
  return { meaning, accepts: 'true or false', read: (value) => (typeof value === 'boolean' ? value : undefined) }
}

function oneOf<const Value extends string>(meaning: string, values: readonly Value[]): Reader<Value> {
  return { meaning, accepts: `one of ${values.join(', ')}`, read: (value) => values.find((each) => each === value) }
}

function readStopReasons(value: unknown): StopReasons | undefined {
  if (!isRecord(value)) return undefined
  const reasons: Record<string, StopReason | 'error'> = {}
  for (const [own, meaning] of Object.entries(value)) {
    const canonical = stopReasonNames.find((each) => each === meaning)
    if (canonical === undefined) return undefined
    reasons[own] = canonical
  }
  return reasons
}
