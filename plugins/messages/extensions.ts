import { isRecord } from '../../api/json.ts'
import { paramOf } from '../../api/param.ts'
import type { Issue } from '../../api/schemas.gen.ts'

/**
 * What the extensions of a request may not set, for whichever of the providers: what fields of the contract say, and the gateway has
 * checked, counts by or allows by. Extensions for a provider that is not there are ignored. The value need not fit the schema.
 *
 * In a run the gateway answers for the tools besides: others would take the place of its own, and a choice would hold for every turn.
 */
export function extensionIssues(body: unknown, providers: readonly { readonly id: string }[], isRun: boolean): Issue[] {
  const extensions = isRecord(body) ? body.extensions : undefined
  if (!isRecord(extensions)) return []
  return providers.flatMap(({ id }) => {
    const fields = Object.hasOwn(extensions, id) ? extensions[id] : undefined
    return isRecord(fields) ? issuesIn(fields, ['extensions', id], isRun ? barredInRuns : barred) : []
  })
}

function issuesIn(fields: Readonly<Record<string, unknown>>, path: readonly string[], table: Barred): Issue[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    const instead = table.get(plain(field))
    const at = [...path, field]
    if (typeof instead === 'string') return [{ param: paramOf(at), code: 'unsupported_parameter', message: instead }]
    return instead && isRecord(value) ? issuesIn(value, at, instead) : []
  })
}

/**
 * A field's name without what servers make nothing of: Google's take `max_output_tokens` for `maxOutputTokens`, and those written in
 * Go look at neither case nor at letters that are others' lower or upper case.
 */
function plain(field: string): string {
  return field.toUpperCase().toLowerCase().replaceAll('_', '')
}

/** By the plain name: what to say instead, or what is barred of the field's own members. */
type Barred = ReadonlyMap<string, string | Barred>

const useModel = "the request's own model says this"
const useFallbacks = "the request's own fallbacks name other models"
const useMessages = "the request's own messages say this"
const useStream = "the request's own stream says this"
const useMaxTokens = "the request's own max_tokens says this"
const oneAnswer = 'a request has one answer; send one request for each answer instead'

const barred: Barred = new Map<string, string | Barred>([
  ['model', useModel],
  // OpenRouter's, which may name a model.
  ['preset', useModel],
  ['models', useFallbacks],
  // OpenRouter's, which without `models` chooses them itself.
  ['route', useFallbacks],
  ['fallbacks', useFallbacks],
  ['messages', useMessages],
  ['input', useMessages],
  ['contents', useMessages],
  ['stream', useStream],
  ['maxtokens', useMaxTokens],
  ['maxcompletiontokens', useMaxTokens],
  ['maxoutputtokens', useMaxTokens],
  ['maxtokenstosample', useMaxTokens],
  // llama.cpp's own name for it.
  ['npredict', useMaxTokens],
  ['n', oneAnswer],
  ['bestof', oneAnswer],
  ['candidatecount', oneAnswer],
  [
    'generationconfig',
    new Map([
      ['maxoutputtokens', useMaxTokens],
      ['candidatecount', oneAnswer],
    ]),
  ],
])

const useTools = "a run's tools are those of builtins and of the request's own tools"
const useChoice = "the request's own tool_choice says this"

const barredInRuns: Barred = new Map<string, string | Barred>([
  ...barred,
  ['tools', useTools],
  ['functions', useTools],
  ['toolchoice', useChoice],
  ['functioncall', useChoice],
  ['toolconfig', useChoice],
])
