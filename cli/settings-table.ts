import { Secret } from '../api/secret.ts'
import { baseURLSetting, type Config, settingsFor } from '../config.ts'
import { providers as ownProviders } from '../providers/index.ts'
import type { LlmProvider } from '../providers/provider.ts'

/** Every setting with its environment variable, its value in force, its default and its meaning; then the operator's providers. */
export function settingsTable(config: Config): string {
  const own = config.providers.filter(({ id }) => !ownProviders.some((provider) => provider.id === id))
  const values: Readonly<Record<string, unknown>> = {
    ...config,
    gateway_keys: config.gateway_keys === undefined ? undefined : '…',
    providers: own.map(({ id }) => id),
    ...Object.fromEntries(
      config.providers.flatMap(({ id, upstream }) =>
        upstream ? [[baseURLSetting(upstream), config.baseURLs.get(id)?.href]] : [],
      ),
    ),
  }
  const settings = Object.entries(settingsFor(config.providers)).map(([name, { env, defaultText, accepts, meaning }]) => {
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
    ...(own.length > 0 ? [['Your providers:', ...own.map((each) => line(each, config))].join('\n')] : []),
  ].join('\n\n')
}

function line({ id, name, upstream }: LlmProvider, { baseURLs }: Config): string {
  const { keyVariables, keyHeader, keyOptional } = upstream ?? { keyVariables: [], keyHeader: '' }
  const key = `key from ${keyVariables.join(' or ')} or ${keyHeader}${keyOptional ? ', if it needs one' : ''}`
  return `    ${id}: ${name} at ${baseURLs.get(id)?.href}, ${key}`
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
