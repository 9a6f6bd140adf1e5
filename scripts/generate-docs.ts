/**
 * Makes the pages of docs/ that are tables of what the code knows: settings, the matrix of features and providers, errors,
 * measurements, tools, live sessions, who hears and who speaks.
 *
 *   npm run generate            write the pages
 *   npm run drift               fail when the committed pages are not what the code says
 */
import { catalogue, type ErrorCode, GatewayError } from '../api/error.ts'
import { issueCodes } from '../api/issue-codes.ts'
import { ownReached, settings } from '../config.ts'
import { definitions, type MetricDefinition } from '../plugins/metrics/definitions.ts'
import {
  type BasicFeature,
  basicFeatures,
  type Feature,
  features,
  matrixEntry,
  type Treatment,
} from '../providers/capabilities.ts'
import { providers } from '../providers/index.ts'
import { presetsInWords, quirksInWords } from '../providers/openai-compatible.ts'
import type { LlmProvider } from '../providers/provider.ts'
import { writeOrCheck } from './generated-files.ts'
import { livePage } from './live-page.ts'
import { code, keyPlaces, page, table } from './markdown.ts'
import { toolsPage } from './tools-page.ts'
import { voicesPage } from './voices-page.ts'

const recoveries = { again: 'again', elsewhere: 'fallback', none: '' } as const

const all: readonly (Feature | BasicFeature)[] = [...basicFeatures, ...features]

writeOrCheck({ 'docs/settings.md': settingsPage() }, 'config.ts')
writeOrCheck({ 'docs/matrix.md': matrixPage() }, 'the matrix of a provider')
writeOrCheck({ 'docs/errors.md': errorsPage() }, 'api/error.ts')
writeOrCheck({ 'docs/servers.md': serversPage() }, 'providers/openai-chat')
writeOrCheck({ 'docs/tools.md': toolsPage() }, 'scripts/tools-page.md and tools/')
writeOrCheck({ 'docs/live.md': livePage() }, 'scripts/live-page.md, plugins/live/, openapi.yaml, examples/live/ and test/docs/')
writeOrCheck({ 'docs/voices.md': voicesPage() }, 'the providers of speech')
writeOrCheck({ 'docs/metrics.md': metricsPage() }, 'plugins/metrics/definitions.ts')

// ── Settings ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function settingsPage(): string {
  const rows = Object.entries(settings).map(([name, { env, defaultText, accepts, meaning }]) => [
    code(env),
    code(name),
    defaultText === '' ? '–' : code(defaultText),
    accepts,
    meaning,
  ])
  // A vendor of models and of speech has one key for both.
  const keys = new Map(ownReached.flatMap(({ name, upstream }) => (upstream ? [[name, keyPlaces(upstream)]] : [])))
  return page('Settings', 'config.ts', [
    'A setting is an environment variable, or a member of a YAML file that `VAI_CONFIG` or `--config` names. The environment wins over the file. An empty variable counts as not set.',
    'The gateway reads its settings once, when it starts. It does not start where a setting is unknown or has a wrong value, and names all of them at once. `vai config` prints each setting with the value in force.',
    table(['Variable', 'In YAML', 'Default', 'Takes', 'Meaning'], rows),
    '`VAI_CONFIG` names the YAML file; it has no place in the file itself.',
    "## The operator's provider keys",
    'Keys for providers, and for services that [tools](tools.md) ask, are read from the environment only, never from the file. Of several variables the first that is set counts.',
    table(['Provider or service', 'Variable'], [...keys]),
  ])
}

// ── Matrix ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function matrixPage(): string {
  return page('What each provider takes', 'the matrices in providers/', [
    'Before anything is sent, each part of a request is looked up here. There are four treatments:',
    [
      '- **carry**: it has the same meaning at the provider and is passed on.',
      "- **map**: it is said in the provider's own way.",
      '- **reject**: it cannot be said. The request is a 400 with a code that begins with `unsupported_`, and says what would do instead.',
      '- **drop**: it is left out, and the answer says so in `metadata.warnings`.',
    ].join('\n'),
    '`model`, `messages`, `fallbacks` and `extensions` are for the gateway itself. `foreign` is what another provider has written and only that one can read: its thinking, its own tools, its citations. A model may take less than its provider: `GET /v1/models/{id}` lists what is known of it, and a feature that is known to be `unsupported` there is a 400 as well. What is not known is tried.',
    '## Fields',
    overview(all.filter((feature) => !isBlock(feature) && !isTool(feature))),
    '## Messages and blocks',
    overview(all.filter(isBlock)),
    '## Tools',
    overview(all.filter(isTool)),
    '## Stop reasons',
    "The canonical reason for each of a provider's own. _error_: the answer has failed. A reason that is not in the list is `end_turn`, or `tool_use` where the answer calls a tool; the provider's own word stands in `metadata.provider`.",
    stopReasonTable(),
    ...providers.flatMap((provider) => [`## Notes: ${provider.name}`, notes(provider)]),
  ])
}

/** Providers that say the same share a row. */
function stopReasonTable(): string {
  const rows = new Map<string, string[]>()
  for (const { id, stopReasons } of providers) {
    for (const [own, canonical] of Object.entries(stopReasons)) {
      const key = [code(own), canonical === 'error' ? '_error_' : code(canonical)].join('\n')
      rows.set(key, [...(rows.get(key) ?? []), code(id)])
    }
  }
  const sorted = [...rows].sort(([a], [b]) => a.localeCompare(b, 'en'))
  return table(
    ["The provider's", 'Canonical', 'Providers'],
    sorted.map(([key, ids]) => [...key.split('\n'), ids.join(', ')]),
  )
}

function isBlock(feature: string): boolean {
  return feature.startsWith('message.') || feature.startsWith('block.')
}

function isTool(feature: string): boolean {
  return feature.startsWith('tool.') || feature.startsWith('tool_choice.')
}

function overview(chosen: readonly (Feature | BasicFeature)[]): string {
  const rows = chosen.map((feature) => [code(feature), ...providers.map(({ matrix }) => matrixEntry(matrix, feature).treatment)])
  return table(['Feature', ...providers.map(({ id }) => code(id))], rows)
}

/** One line for each note; features that share it stand together. */
function notes({ matrix }: LlmProvider): string {
  const byNote = new Map<string, { treatment: Treatment; note: string; names: string[] }>()
  for (const feature of all) {
    const { treatment, note } = matrixEntry(matrix, feature)
    if (!note) continue
    const line = byNote.get(`${treatment} ${note}`) ?? { treatment, note, names: [] }
    line.names.push(code(feature))
    byNote.set(`${treatment} ${note}`, line)
  }
  return [...byNote.values()].map(({ treatment, note, names }) => `- ${names.join(', ')} (${treatment}): ${note}`).join('\n')
}

// ── Errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function errorsPage(): string {
  const rows = Object.keys(catalogue)
    .filter(isErrorCode)
    .map((name) => {
      const { status, type, message, recovery } = new GatewayError(name)
      return [String(status), code(type), code(name), message, recoveries[recovery]]
    })
  return page('Errors', 'api/error.ts', [
    'Every `type`, `code` and status that the gateway gives. [For callers](callers.md#errors) shows the object that holds them.',
    'The message in the table is what is said where there is nothing more exact to say. _What follows_, as long as nothing of an answer has reached the caller: such a failure is tried _again_ at the same model and then at the next of the `fallbacks`, or at once at the next _fallback_.',
    table(['Status', '`type`', '`code`', 'Message', 'What follows'], rows),
    'An `invalid_request_error` about the body carries in `code` and `param` what its first issue says; all of them stand in `issues`. [For callers](callers.md#issues) shows them.',
    '## Issues',
    table(
      ['`code`', 'Meaning'],
      Object.entries(issueCodes).map(([name, meaning]) => [code(name), meaning]),
    ),
  ])
}

function isErrorCode(name: string): name is ErrorCode {
  return Object.hasOwn(catalogue, name)
}

// ── Servers of the operator's own ───────────────────────────────────────────────────────────────────────────────────────

function serversPage(): string {
  const presets = presetsInWords().map(({ id, name, baseURL, key, quirks }) => [
    code(id),
    name,
    baseURL ? code(baseURL) : 'yours',
    key,
    quirks.map(code).join(', ') || '–',
  ])
  const quirks = quirksInWords().map(({ name, accepts, meaning }) => [code(name), accepts, meaning])
  return page("Servers of the operator's own", 'providers/openai-chat', [
    "Servers that speak OpenAI's Chat Completions and are not built in. [For operators](operators.md#servers-of-your-own) says how one is added.",
    '## Presets',
    table(['Name', 'Server', 'Address', 'Key', 'Quirks'], presets),
    '## Quirks',
    'A quirk that a definition does not name is as its preset has it, and without a preset as for a server of which nothing more is known.',
    table(['Quirk', 'Takes', 'Meaning'], quirks),
  ])
}

// ── Measurements ────────────────────────────────────────────────────────────────────────────────────────────────────────

function metricsPage(): string {
  const all: readonly MetricDefinition[] = Object.values(definitions)
  const rows = all.map(({ name, kind, labels, help }) => [code(name), kind, labels.map(code).join(', ') || '–', help])
  const buckets = all.flatMap((metric) =>
    metric.buckets ? [[code(metric.name), metric.unit ?? 'seconds', metric.buckets.join(', ')]] : [],
  )
  return page('Measurements', 'plugins/metrics/definitions.ts', [
    'What `GET /metrics` tells of the gateway itself. [Signals](signals.md#measurements) says who may read it, and what else there is.',
    'Times are in seconds, and counts begin at 0 when a process starts. A label takes the values that came up so far: routes, ids of providers, names of tools, codes of [errors](errors.md).',
    table(['Name', 'Kind', 'Labels', 'Meaning'], rows),
    '## Buckets',
    'The upper bounds of the histograms.',
    table(['Name', 'Unit', 'Buckets'], buckets),
  ])
}
