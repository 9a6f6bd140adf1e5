/**
 * Makes what the SDK has of the contract, in `sdk/typescript/generated/`: the types of `openapi.yaml`, the names of the headers
 * that carry providers' keys, and copies of the pure code that folds events into a message, so that a client comes to the
 * message that the gateway would have answered.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'yaml'
import { writeOrCheck } from './generated-files.ts'
import { headerOf, type SdkDocument, typesFile } from './sdk-types.ts'

/** Copied as they are; what they import must be among them, or stand beside the folder under the same name. */
const shared = [
  'api/accumulator.ts',
  'api/json.ts',
  'api/tool-input.ts',
  'text/json-depth.ts',
  'text/json-string.ts',
  'text/json-text.ts',
  'text/partial-json.ts',
]
const folder = 'sdk/typescript/generated'
const root = new URL('../', import.meta.url)
const document: SdkDocument = parse(readFileSync(new URL('openapi.yaml', root), 'utf8'))

writeOrCheck(
  {
    [`${folder}/types.gen.ts`]: typesFile(document),
    ...Object.fromEntries(shared.map((path) => [`${folder}/${copyOf(path)}`, copiedFile(path)])),
  },
  'openapi.yaml or the code shared with the SDK',
)

function copiedFile(path: string): string {
  const text = readFileSync(new URL(path, root), 'utf8')
  return `${headerOf(path)}\n${text.replaceAll(/(?<=from ')\.[^']*(?=')/g, (target) => targetOf(target))}`
}

function targetOf(imported: string): string {
  const name = basename(imported)
  if (name === 'schemas.gen.ts') return './types.gen.ts'
  return shared.some((path) => basename(path) === name) ? `./${copyOf(name)}` : `../${name}`
}

function copyOf(path: string): string {
  return basename(path).replace(/\.ts$/, '.gen.ts')
}
