import { GatewayError } from '../../api/error.ts'
import type { GeminiDialect } from './dialect.ts'

/**
 * The path of a model below the API's root, as in `/models/gemini-2.5-flash`.
 *
 * A name may say its collection (`tunedModels/mine`). Whatever else it holds stays one segment of the path, slashes too. Throws
 * `invalid_request` for a name that could lead elsewhere.
 */
export function modelPath(model: string, { collections, name: provider }: GeminiDialect): string {
  const collection = collections.find((one) => model.startsWith(`${one}/`))
  const name = collection === undefined ? model : model.slice(collection.length + 1)
  // Escaped slashes are as good as plain ones for some proxies, so that escaping alone would not do.
  if (name === '' || name.split(/[/\\]/).some((segment) => /^\.*$/.test(segment))) {
    const message = `${provider} has no model ${JSON.stringify(model.slice(0, 200))}.`
    throw new GatewayError('invalid_request', { message, param: 'model', code: 'invalid_model' })
  }
  return `/${collection ?? collections[0]}/${encodeURIComponent(name)}`
}

/** The name that a request inside of another gives its model: the path without its first slash and without escapes. */
export function resourceName(model: string, dialect: GeminiDialect): string {
  return decodeURIComponent(modelPath(model, dialect).slice(1))
}
