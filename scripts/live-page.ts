import { readFileSync } from 'node:fs'
import { settings } from '../config.ts'
import { jointTable, stateDiagram } from '../plugins/live/diagram.ts'
import { defaultLimits, defaultTurnRules } from '../plugins/live/rules.ts'
import { violationRows } from '../plugins/live/wire/violations.ts'
import { speechProviders } from '../providers/index.ts'
import type { SpeechProvider } from '../providers/speech.ts'
import { ends, errors, warnings } from './live-codes.ts'
import { fieldsTable, messagesList } from './live-schema.ts'
import { code, page, table } from './markdown.ts'

const template = 'scripts/live-page.md'

/** The page about live sessions: what people wrote of them in the template, and what code, contract and tests say where it asks for that. */
export function livePage(): string {
  const written = textOf(template).trim()
  // A table is aligned by what comes to stand in it.
  const filled = filledIn(
    written.replaceAll(/^(?:\|.*\n)+/gm, (rows) => (rows.includes('{{') ? `${aligned(filledIn(rows))}\n` : rows)),
  )
  return page('Live sessions', `${template}, plugins/live/, openapi.yaml, examples/live/ and test/docs/`, [filled])
}

function filledIn(text: string): string {
  return text.replaceAll(/\{\{(\w+)(?: ([\w./-]+))?\}\}/g, (_, what: string, name = '') => pieceOf(what, name))
}

function pieceOf(what: string, name: string): string {
  const make = pieces[what]
  if (!make) throw new Error(`${template}: there is no {{${what}}}`)
  return make(name)
}

const pieces: Readonly<Record<string, (name: string) => string>> = {
  file: (path) => fenced(path.endsWith('.html') ? 'html' : 'js', textOf(path)),
  sequence: (name) => fenced('mermaid', textOf(`test/docs/live-sequences/${name}.mmd`)),
  states: () => fenced('mermaid', stateDiagram()),
  joint: () => aligned(jointTable()),
  fields: fieldsTable,
  messages: messagesList,
  limit: (name) => quantity(name, valueIn(defaultLimits, name)),
  turn: (name) => quantity(name, valueIn(defaultTurnRules, name)),
  setting: settingInWords,
  violations: violationsTable,
  warnings: () =>
    table(
      ['`code`', 'When'],
      Object.entries(warnings).map(([name, when]) => [code(name), when]),
    ),
  errors: () =>
    table(
      ['`code`', '`scope`', 'Closes with', 'When'],
      errors.map(({ code: name, scope, closeCode, when }) => [code(name), code(scope), String(closeCode ?? '–'), when]),
    ),
  ends: () =>
    table(
      ['`reason`', 'Closed with', 'When'],
      Object.entries(ends).map(([name, { closeCode, when }]) => [code(name), closeCode, when]),
    ),
  hearing: () => table(['Model', 'Ends turns', 'Foretells that', 'Takes µ-law'], speechProviders.flatMap(hearingRows)),
  speaking: () => table(['Model', 'Times', 'Makes µ-law', 'Rates'], speechProviders.flatMap(speakingRows)),
  lines: () => listed(speechProviders.filter(({ tts }) => tts?.connect).map(({ name }) => name)),
}

function violationsTable(): string {
  return table(
    ['`code`', 'When', 'Answer'],
    violationRows.map(([name, row]) => [
      code(name),
      row.when,
      row.answer === 'close' ? `closes with ${row.closeCode}` : row.answer,
    ]),
  )
}

// ── Voices ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function hearingRows({ id, stt }: SpeechProvider): string[][] {
  if (!stt?.transcribe) return []
  return stt.models.flatMap(({ name }) => {
    const { stream } = stt.capabilities(name)
    if (!stream) return []
    const ending = { none: 'by silence', silence: 'by silence', semantic: 'by silence, or itself (`semantic`)' }[stream.turns]
    return [[code(`${id}/${name}`), ending, stream.eagerEnd ? 'yes' : '–', stream.mulaw ? 'yes' : '–']]
  })
}

function speakingRows({ id, tts }: SpeechProvider): string[][] {
  if (!tts) return []
  return tts.models.map(({ name }) => {
    const { alignment, mulaw, pcmRates } = tts.capabilities(name)
    const times = alignment === undefined ? '–' : `of ${alignment === 'char' ? 'characters' : 'words'}`
    return [code(`${id}/${name}`), times, mulaw ? 'yes' : '–', pcmRates.map((rate) => String(rate / 1000)).join(', ')]
  })
}

// ── Quantities ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function settingInWords(name: string): string {
  const setting = settings[name]
  if (!setting) throw new Error(`${template}: there is no setting ${name}`)
  const value = Number(setting.defaultText)
  return name.endsWith('_bytes') ? `${value / 1024 ** 2} MiB` : quantity(name.endsWith('_ms') ? 'Ms' : name, value)
}

function valueIn(values: object, name: string): unknown {
  return Object.entries(values).find(([key]) => key === name)?.[1]
}

/** Times have names that end so. */
function quantity(name: string, value: unknown): string {
  if (typeof value !== 'number') throw new Error(`${template}: ${name} is no number`)
  if (!name.endsWith('Ms')) return value.toLocaleString('en')
  if (value < 1000) return `${value} ms`
  if (value < 120_000) return `${value / 1000} s`
  return value < 7_200_000 ? `${value / 60_000} minutes` : `${value / 3_600_000} hours`
}

// ── Text ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function textOf(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``
}

/** A table of Markdown as the formatter has it. */
function aligned(markdown: string): string {
  const [head = [], , ...rows] = markdown
    .trim()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  return table(head, rows)
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
