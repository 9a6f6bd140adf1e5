import type { Exit } from '../live/ending.ts'

/** Why there is no chat, in words for whoever wanted one. */
export class ChatProblem extends Error {
  override readonly name = 'ChatProblem'
  readonly exit: Exit

  constructor(message: string, exit: Exit) {
    super(message)
    this.exit = exit
  }
}
