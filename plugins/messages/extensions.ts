import { isRecord } from '../../api/json.ts'
import { paramOf } from '../../api/param.ts'
import type { Issue } from '../../api/schemas.gen.ts'

/**
 * What the extensions of a request may not set, for whichever of the providers: the fields that have been checked, and that the
 * gateway goes by. Extensions for a provider that is not there are ignored. The value need not fit the schema.
 */
export function extensionIssues(body: unknown, providers: readonly { readonly id: string }[]): Issue[] {
  const extensions = isRecord(body) ? body.extensions : undefined
  if (!isRecord(extensions)) return []
  return providers.flatMap(({ id }) => {
    const fields = Object.hasOwn(extensions, id) ? extensions[id] : undefined
    if (!isRecord(fields)) return []
    return ownFields
      .filter((field) => Object.hasOwn(fields, field))
      .map((field) => ({
        param: paramOf(['extensions', id, field]),
        code: 'unsupported_parameter',
        message: `this is said by the request's own ${field}`,
      }))
  })
}

const ownFields = ['model', 'messages', 'input', 'contents', 'stream'] as const
