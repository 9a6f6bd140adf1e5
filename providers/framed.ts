import type { ContentSource } from '../api/schemas.gen.ts'

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

type Content = ContentSource['content']

/** A document that is made of blocks: one text where they are nothing else, otherwise each in its own way between the frame. */
export function framedContent<Part>(
  about: Readonly<Record<string, string | undefined>>,
  content: Content,
  textPart: (text: string) => Part,
  partsOf: (block: Exclude<Content, string>[number]) => readonly Part[],
): Part[] {
  if (typeof content === 'string') return [textPart(framed('document', about, content))]
  if (content.every((block) => block.type === 'text')) {
    return [textPart(framed('document', about, content.map(({ text }) => text).join('\n')))]
  }
  const [start, end] = frame('document', about)
  return [textPart(start), ...content.flatMap(partsOf), textPart(end)]
}
