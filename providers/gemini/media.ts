import { GatewayError } from '../../api/error.ts'
import type { ContentBlockParam, DocumentBlockParam } from '../../api/schemas.gen.ts'
import { frame, framed } from '../framed.ts'
import type { GeminiDialect } from './dialect.ts'
import type { Part } from './wire.ts'

/** The parts of what a user says, other than the results of tools. */
export function mediaParts(block: ContentBlockParam, path: string, dialect: GeminiDialect): Part[] {
  switch (block.type) {
    case 'text':
      return block.text === '' ? [] : [{ text: block.text }]
    case 'image':
    case 'audio':
    case 'video':
      return [filePart(block.type, block.source, dialect)]
    case 'document':
      return documentParts(block, path, dialect)
    case 'search_result': {
      const text = block.content.map((part) => part.text).join('\n')
      return [{ text: framed('search_result', { title: block.title, source: block.source }, text) }]
    }
    default:
      return refuse(block.type, path, dialect)
  }
}

/** Refuses what the matrix rejects, should it come here all the same. */
export function refuse(what: string, param: string, { name }: GeminiDialect): never {
  throw new GatewayError('unsupported_parameter', { message: `${param}: ${name} does not take ${what}.`, param })
}

type Kind = 'image' | 'audio' | 'video' | 'document'

type FileSource =
  | { readonly type: 'base64'; readonly media_type: string; readonly data: string }
  | { readonly type: 'url'; readonly url: string }
  | { readonly type: 'file'; readonly file_id: string }

function filePart(kind: Kind, source: FileSource, dialect: GeminiDialect): Part {
  if (source.type === 'base64') {
    return { inlineData: { mimeType: renamed.get(source.media_type) ?? source.media_type, data: source.data } }
  }
  const fileUri = source.type === 'url' ? source.url : fileUriOf(source.file_id, dialect)
  const mimeType = typeByName(fileUri) ?? (dialect.needsMimeType ? commonest[kind] : undefined)
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri } }
}

function fileUriOf(id: string, { fileRoot }: GeminiDialect): string {
  if (fileRoot === undefined || /^[a-z]+:\/\//.test(id)) return id
  return fileRoot + (id.startsWith('files/') ? id : `files/${id}`)
}

/** What Google calls these. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['audio/x-wav', 'audio/wav'],
  ['audio/mpeg', 'audio/mp3'],
  ['video/x-msvideo', 'video/avi'],
  ['video/x-ms-wmv', 'video/wmv'],
])

const commonest: Readonly<Record<Kind, string>> = {
  image: 'image/jpeg',
  audio: 'audio/mp3',
  video: 'video/mp4',
  document: 'application/pdf',
}

function typeByName(uri: string): string | undefined {
  const extension = /\.([a-z0-9]+)(?:[?#].*)?$/i.exec(uri)?.[1]
  return extension === undefined ? undefined : types.get(extension.toLowerCase())
}

const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    png: 'image/png',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    webp: 'image/webp',
    gif: 'image/gif',
    heic: 'image/heic',
    heif: 'image/heif',
    pdf: 'application/pdf',
    txt: 'text/plain',
    md: 'text/markdown',
    html: 'text/html',
    csv: 'text/csv',
    json: 'application/json',
    wav: 'audio/wav',
    mp3: 'audio/mp3',
    flac: 'audio/flac',
    ogg: 'audio/ogg',
    aac: 'audio/aac',
    aiff: 'audio/aiff',
    m4a: 'audio/m4a',
    mp4: 'video/mp4',
    mpeg: 'video/mpeg',
    mpg: 'video/mpg',
    mov: 'video/mov',
    webm: 'video/webm',
    avi: 'video/avi',
    wmv: 'video/wmv',
    flv: 'video/x-flv',
  }),
)

function documentParts(block: DocumentBlockParam, path: string, dialect: GeminiDialect): Part[] {
  const { source } = block
  const about = { title: block.title ?? undefined, context: block.context ?? undefined }
  if (source.type === 'text') return [{ text: framed('document', about, source.data) }]
  if (source.type === 'content') {
    if (typeof source.content === 'string') return [{ text: framed('document', about, source.content) }]
    const [start, end] = frame('document', about)
    const content = source.content.flatMap((part) => mediaParts(part, `${path}.source`, dialect))
    return [{ text: start }, ...content, { text: end }]
  }
  const file = filePart('document', source, dialect)
  if (!about.title && !about.context) return [file]
  const [start, end] = frame('document', about)
  return [{ text: start }, file, { text: end }]
}
