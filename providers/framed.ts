/** Text of a document or of a search result between tags, with what is known about it, for APIs that have no such parts. */
export function framed(tag: string, about: Readonly<Record<string, string | undefined>>, text: string): string {
  const [start, end] = frame(tag, about)
  return `${start}\n${text}\n${end}`
}

/** What stands before and behind it, where it is not text alone. */
export function frame(tag: string, about: Readonly<Record<string, string | undefined>>): readonly [start: string, end: string] {
  const lines = Object.entries(about).filter(([, value]) => value)
  return [[`<${tag}>`, ...lines.map(([name, value]) => `<${name}>${value}</${name}>`)].join('\n'), `</${tag}>`]
}
