import { readFileSync } from 'node:fs'
import { arrayOf, isRecord } from '../api/json.ts'
import { builtins } from '../tools/builtins.gen.ts'
import { servicesOf } from '../tools/services.ts'
import type { ObjectSchema, Tool } from '../tools/tool.ts'
import { code, page, table } from './markdown.ts'

const template = 'scripts/tools-page.md'

/** The page about tools: what people wrote of them in the template, and what the tools say of themselves. */
export function toolsPage(): string {
  const written = readFileSync(new URL(`../${template}`, import.meta.url), 'utf8').trim()
  return page('Tools', `${template} and tools/`, [
    written,
    '## Built-in tools',
    ...builtins.flatMap(builtin),
    '## Services',
    table(['Service', 'Header', 'Variable', 'Address', 'Used by'], servicesOf(builtins).map(serviceRow)),
  ])
}

function builtin({ name, description, inputSchema, configSchema, services }: Tool): string[] {
  return [
    `### ${name}`,
    `> ${description}`,
    'What the model says:',
    membersTable(inputSchema),
    'What a caller may set, in `run.tool_config`:',
    membersTable(configSchema),
    ...(services.length > 0 ? [`Services that it may ask: ${services.map((service) => service.name).join(', ')}.`] : []),
  ]
}

function serviceRow({ id, name, upstream }: ReturnType<typeof servicesOf>[number]): string[] {
  const { keyHeader, keyVariables, baseURLVariable } = upstream
  const users = builtins.filter(({ services }) => services.some((service) => service.id === id))
  return [
    `${name} (${code(id)})`,
    code(keyHeader),
    keyVariables.map(code).join(', then '),
    code(baseURLVariable),
    users.map((tool) => code(tool.name)).join(', '),
  ]
}

// ── Schemas in words ────────────────────────────────────────────────────────────────────────────────────────────────────

function membersTable({ properties, required }: ObjectSchema): string {
  const rows = Object.entries(isRecord(properties) ? properties : {}).map(([name, schema]) => {
    const isRequired = arrayOf(required).includes(name)
    const description = isRecord(schema) ? String(schema.description ?? '') : ''
    return [code(name), `${inWords(schema)}${isRequired ? ', required' : ''}`, description]
  })
  return rows.length === 0 ? 'Nothing.' : table(['Member', 'Takes', 'Meaning'], rows)
}

/** What a schema takes, as far as a reader needs it. */
function inWords(schema: unknown): string {
  if (!isRecord(schema)) return 'anything'
  const { type, minimum, maximum, items } = schema
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => code(String(value))).join(', ')
  const range = minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`
  if (type === 'array') return `a list: ${inWords(items)}`
  if (type === 'integer') return `a whole number${range}`
  if (type === 'number') return `a number${range}`
  if (type === 'boolean') return 'true or false'
  return type === 'string' ? 'text' : String(type ?? 'anything')
}
