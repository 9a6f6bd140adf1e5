import { KnownSecrets } from '../api/known-secrets.ts'
import type { Secret } from '../api/secret.ts'
import { httpTool } from './http-tool.ts'
import type { HttpToolDefinition } from './http-tool-definition.ts'
import { keysOfTool } from './http-tool-keys.ts'
import type { Tool } from './tool.ts'

/** The operator's tools, ready to be called. */
export interface HttpTools {
  readonly tools: readonly Tool[]
  /** Their keys, to be masked wherever they turn up. */
  readonly secrets: readonly Secret[]
  /** What is wrong with their keys, each with its path. */
  readonly problems: readonly string[]
}

/** Makes tools of their definitions, with the keys that these name in the environment. */
export function httpTools(definitions: readonly HttpToolDefinition[], variable: (name: string) => Secret | undefined): HttpTools {
  const problems: string[] = []
  const tell = (problem: string): void => void problems.push(problem)
  const all = definitions.map((definition) => ({ definition, keys: keysOfTool(definition, variable, tell) }))
  const secrets = all.flatMap(({ keys }) => keys.secrets)
  // They may well be one server, which knows the keys of all.
  const known = new KnownSecrets(secrets)
  return { tools: all.map(({ definition, keys }) => httpTool(definition, { ...keys, known })), secrets, problems }
}
