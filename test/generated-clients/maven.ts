import { type Deadline, Failed, fetched, outputOf, shortLived } from './command.ts'

/**
 * Asks Maven for something from its store, and then, where it has to be fetched first, once more with the network. Throws `Unavailable` where there
 * is no Maven, or its registry cannot be reached before the deadline.
 */
export async function maven(what: string, args: readonly string[], folder: string, deadline: Deadline): Promise<void> {
  const env = { MAVEN_OPTS: [process.env.MAVEN_OPTS, ...shortLived].join(' ') }
  const ask = (seconds: number, ...how: readonly string[]) =>
    outputOf('mvn', ['-q', '-B', ...how, ...args], { folder, env, seconds })
  try {
    await ask(60, '-o')
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    await fetched(what, deadline, ask)
  }
}
