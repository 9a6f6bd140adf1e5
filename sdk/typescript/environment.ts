import { isRecord } from './generated/json.gen.ts'

/** What the environment says of a name, where there is an environment and it may be read; undefined otherwise, and for nothing. */
export function environment(name: string): string | undefined {
  try {
    const process: unknown = Reflect.get(globalThis, 'process')
    const value = isRecord(process) && isRecord(process.env) ? process.env[name] : undefined
    return typeof value === 'string' && value !== '' ? value : undefined
  } catch {
    // Deno throws where the environment is not allowed, and then it says nothing.
    return undefined
  }
}
