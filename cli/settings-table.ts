import { Secret } from '../api/secret.ts'
import { baseURLSetting, type Config, type Reached, settingsFor } from '../config.ts'
import { providers as ownProviders } from '../providers/index.ts'
import type { LlmProvider } from '../providers/provider.ts'
import type { HttpToolDefinition } from '../tools/http-tool-definition.ts'

/** Every setting with its environment variable, its value in force, its default and its meaning; then the operator's providers and tools. */
export function settingsTable(config: Config): string {
  const own = config.providers.filter(({ id }) => !ownProviders.some((provider) => provider.id === id))
  const reached: readonly Reached[] = [...config.providers, ...config.speech, ...config.services]
  const values: Readonly<Record<string, unknown>> = {
    ...config,
    gateway_keys: config.gateway_keys === undefined ? undefined : '…',
    providers: own.map(({ id }) => id),
    tools: config.tools.map(({ name }) => name),
    ...Object.fromEntries(
      reached.flatMap(({ id, upstream }) => (upstream ? [[baseURLSetting(upstream), config.baseURLs.get(id)?.href]] : [])),
    ),
  }
  const settings = Object.entries(settingsFor(reached)).map(([name, { env, defaultText, accepts, meaning }]) => {
    const value = shown(values[name])
    const isDefault = value === defaultText || value === `${defaultText}/`
    return [
      `${env}=${value}`,
      `    ${name} in YAML. Default: ${defaultText || 'none'}${isDefault ? '' : ' (changed)'}.`,
      `    ${meaning} Takes: ${accepts}.`,
    ].join('\n')
  })
  return [
    ...settings,
    ...section(
      'Your providers:',
      own.map((each) => providerLine(each, config)),
    ),
    ...section('Your tools:', config.tools.map(toolLine)),
  ].join('\n\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [[title, ...lines].join('\n')] : []
}

function providerLine({ id, name, upstream }: LlmProvider, { baseURLs }: Config): string {
  const { keyVariables, keyHeader, keyOptional } = upstream ?? { keyVariables: [], keyHeader: '' }
  const key = `key from ${keyVariables.join(' or ')} or ${keyHeader}${keyOptional ? ', if it needs one' : ''}`
  return `    ${id}: ${name} at ${baseURLs.get(id)?.href}, ${key}`
}

/** Without the query of its address, in which some have a key after all. */
function toolLine({ name, url, auth, signingKey }: HttpToolDefinition): string {
  const keys = [...(auth ? [`key from ${auth.variable}`] : []), ...(signingKey ? [`signed with ${signingKey}`] : [])]
  return `    ${[`${name}: ${url.origin}${url.pathname}`, ...keys].join(', ')}`
}

function shown(value: unknown): string {
  if (value === undefined) return ''
  if (value instanceof Secret) return String(value)
  if (value instanceof URL) return value.href
  if (Array.isArray(value)) return value.join(',')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, target]) => `${key}=${target}`)
    .join(',')
}
