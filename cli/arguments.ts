import { parseArgs } from 'node:util'
import { ConfigError } from '../config.ts'
import { nearest } from '../text/nearest.ts'

const commands = ['serve', 'config', 'help', 'version'] as const
const options = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  config: { type: 'string', short: 'c' },
} as const

export interface Arguments {
  readonly command: (typeof commands)[number]
  /** The YAML file with settings, where one is named. */
  readonly configFile: string | undefined
}

/** What the command line asks for; `help` where it asks for nothing. Throws a `ConfigError` that says what it may be. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parsed(args)
  const [name = 'help', ...rest] = positionals
  const command = commands.find((each) => each === name)
  if (!command) throw new ConfigError([`${name} is not a command${hint(name, commands)}`])
  if (rest.length > 0) throw new ConfigError([`${rest.join(' ')} is not understood; see vai --help.`])
  return { command: values.version ? 'version' : values.help ? 'help' : command, configFile: values.config }
}

function parsed(args: readonly string[]) {
  const { tokens } = parseArgs({ args: [...args], allowPositionals: true, strict: false, tokens: true, options })
  for (const token of tokens) {
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      const known = Object.keys(options).map((name) => `--${name}`)
      throw new ConfigError([`${token.rawName} is not an option${hint(token.rawName, known)}`])
    }
  }
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)])
  }
}

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near ? `; did you mean ${near}?` : '; see vai --help.'
}
