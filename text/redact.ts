/**
 * What leaves out the values of some members of a line of JSON, wherever in it they stand; the case of their names does not matter. A
 * line without any, as nearly all are, costs no more than a look at it.
 */
export function redactMembers(names: readonly string[]): (line: string) => string {
  const known = new Set(names.map((name) => name.toLowerCase()))
  // Inside a string the quotes of such a name would have a backslash before them.
  const mention = new RegExp(`"(?:${[...known].map(literally).join('|')})":`, 'i')
  const censor = (name: string, value: unknown): unknown => (known.has(name.toLowerCase()) ? '[redacted]' : value)
  return (line) => {
    if (!mention.test(line)) return line
    try {
      return `${JSON.stringify(JSON.parse(line), censor)}\n`
    } catch {
      return unreadable
    }
  }
}

const unreadable = '{"level":"error","msg":"a line was left out that names a secret and is no JSON"}\n'

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
