import { baseURLSetting, type Config, settings } from '../config.ts'
import { providers } from '../providers/index.ts'

/** Every setting with its environment variable, its value in force, its default and its meaning. */
export function settingsTable(config: Config): string {
  const values: Readonly<Record<string, unknown>> = {
    ...config,
    ...Object.fromEntries(
      providers.flatMap(({ id, upstream }) => (upstream ? [[baseURLSetting(upstream), config.baseURLs.get(id)?.href]] : [])),
    ),
  }
  return Object.entries(settings)
    .map(([name, { env, defaultText, accepts, meaning }]) => {
      const value = shown(values[name])
      const isDefault = value === defaultText || value === `${defaultText}/`
      return [
        `${env}=${value}`,
        `    ${name} in YAML. Default: ${defaultText || 'none'}${isDefault ? '' : ' (changed)'}.`,
        `    ${meaning} Takes: ${accepts}.`,
      ].join('\n')
    })
    .join('\n\n')
}

function shown(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, target]) => `${key}=${target}`)
    .join(',')
}
