/**
 * Makes `providers/google/protocol.gen.ts` of Google's own description of its protocol: the messages that are sent and read, with all that
 * they refer to. Google's package has them compiled as well, but brings along far more than all the rest of the gateway.
 *
 *   npm run generate            write the file
 *   npm run drift               fail when the committed file is not what the package says
 */
import { createRequire } from 'node:module'
import protobuf from 'protobufjs/light.js'
import { writeOrCheck } from './generated-files.ts'

const packageName = '@google-cloud/text-to-speech'
const messages = [
  'google.cloud.texttospeech.v1.StreamingSynthesizeRequest',
  'google.cloud.texttospeech.v1.StreamingSynthesizeResponse',
  'google.cloud.texttospeech.v1.SynthesizeSpeechRequest',
  'google.cloud.texttospeech.v1.SynthesizeSpeechResponse',
  // The details of a failure are in one of these.
  'google.rpc.Status',
]

/** A namespace, a message or an enumeration, as protobufjs writes them down. */
interface Descriptor {
  readonly nested?: Readonly<Record<string, Descriptor>>
  readonly [part: string]: unknown
}

const described: Descriptor = createRequire(import.meta.url)(`${packageName}/build/protos/protos.json`)

writeOrCheck({ 'providers/google/protocol.gen.ts': file(part(described, '', referred(messages))) }, packageName)

/** The full names of the messages and of all that stands in their fields, however deep. */
function referred(names: readonly string[]): ReadonlySet<string> {
  const root = protobuf.Root.fromJSON(described)
  root.resolveAll()
  const found = new Set<string>()
  const visit = (object: protobuf.Type | protobuf.Enum): void => {
    const name = object.fullName.slice(1)
    if (found.has(name)) return
    found.add(name)
    if (!(object instanceof protobuf.Type)) return
    for (const { resolvedType } of object.fieldsArray) if (resolvedType) visit(resolvedType)
  }
  for (const name of names) visit(root.lookupType(name))
  return found
}

/** What is wanted of a descriptor, as a literal: a line for each message. Undefined where there is nothing. */
function part(descriptor: Descriptor, name: string, wanted: ReadonlySet<string>, indent = ''): string | undefined {
  if (wanted.has(name)) return JSON.stringify(descriptor, withoutNotes)
  const lines = Object.entries(descriptor.nested ?? {}).flatMap(([key, inner]) => {
    const kept = part(inner, name === '' ? key : `${name}.${key}`, wanted, `${indent}  `)
    return kept === undefined ? [] : [`${indent}  ${key}: ${kept},\n`]
  })
  return lines.length > 0 ? `{ nested: {\n${lines.join('')}${indent}} }` : undefined
}

/** Of the options of a field those stay that change its bytes; the others are for readers. */
function withoutNotes(key: string, value: unknown): unknown {
  if (key !== 'options' || value === null || typeof value !== 'object') return value
  const kept = Object.entries(value).filter(([name]) => !name.startsWith('(google.api.') && name !== 'deprecated')
  return kept.length > 0 ? Object.fromEntries(kept) : undefined
}

function file(descriptor: string | undefined): string {
  return `// Generated from ${packageName} by \`npm run generate\`. Do not edit.
// That package is Google's, under the licence Apache-2.0.

/** What is spoken of Google's protocol, as protobufjs reads it. */
export const descriptor = ${descriptor}
`
}
