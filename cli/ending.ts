/** With what the commands end that talk with a gateway, as their helps tell. */
export const exits = {
  done: 0,
  /** A turn or the session failed, or nothing was understood. */
  failed: 1,
  /** Something has to be given otherwise, or is missing on this machine. */
  misused: 2,
  /** There is no gateway or no session, or none any more. */
  noSession: 3,
  /** Ctrl-C, before it was over. */
  interrupted: 130,
} as const

export type Exit = (typeof exits)[keyof typeof exits]

/** Why it cannot go on, in words for whoever called it. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly exit: Exit

  constructor(message: string, exit: Exit) {
    super(message)
    this.exit = exit
  }
}

/** What was given cannot be. */
export function misused(message: string): Problem {
  return new Problem(message, exits.misused)
}

/** What can be done where no gateway answers. */
export const startOne = 'Start one with "npm start" in another terminal, or name another with --url.'

/** What is to be told of something that was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
