/** The name that a provider knows a model by, from the full id: `openai/gpt-4o` for `openrouter/openai/gpt-4o`. */
export function modelNameOf(id: string): string {
  return id.slice(id.indexOf('/') + 1)
}
