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
  const all = definitions.map((definition) => {
    const keys = keysOfTool(definition, variable, (problem) => void problems.push(problem))
    return { tool: httpTool(definition, keys), secrets: keys.secrets }
  })
  return { tools: all.map(({ tool }) => tool), secrets: all.flatMap(({ secrets }) => secrets), problems }
}
