import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { Secret } from '../api/secret.ts'
import { buildApp, operatorKeysFrom, type Parts, variablesOf } from '../app.ts'
import { type Config, ConfigError } from '../config.ts'

/** The version of the package. */
export const { version }: { readonly version: string } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'))

/** The gateway of this package, with the keys in this process' environment. */
export function buildGateway(config: Config, more: Partial<Parts> = {}): Promise<FastifyInstance> {
  return buildApp(config, {
    operatorKeys: operatorKeysFrom(process.env, [...config.providers, ...config.speech, ...config.services]),
    variable: variablesOf(process.env),
    secrets: collectorKeysFrom(process.env),
    version,
    contract: packageFile('openapi.yaml'),
    ...more,
  })
}

/** What a collector of traces takes for a key: the values of the headers `name=value,…` that OpenTelemetry's own variables hold. */
export function collectorKeysFrom(env: Readonly<Record<string, string | undefined>>): Secret[] {
  const headers = [env.OTEL_EXPORTER_OTLP_HEADERS, env.OTEL_EXPORTER_OTLP_TRACES_HEADERS].join(',').split(',')
  return headers.flatMap((header) => {
    const value = header.slice(header.indexOf('=') + 1).trim()
    // Of `Bearer …` the word after it is the key.
    return [value, value.split(/\s|%20/).at(-1) ?? ''].filter((text) => text !== '').map((text) => new Secret(text))
  })
}

/** Why the gateway does not start, in words for a person. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE' && 'address' in error && 'port' in error) {
    return `port ${error.port} on ${error.address} is in use by another process; set VAI_PORT to a free one.`
  }
  return error.message
}

/** With what the process ends then: 2 where it is for the operator to change something, else 1. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ConfigError ? 2 : 1
}

/** A file of the package, whether this runs from `dist/` or from the sources. */
function packageFile(name: string): URL {
  return new URL(import.meta.url.includes('/dist/') ? `../../${name}` : `../${name}`, import.meta.url)
}
