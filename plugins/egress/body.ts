import type { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../../api/error.ts'

/** What a server may pack its answer with. */
export const acceptedEncodings = 'gzip, deflate, br'

export interface BodyLimit {
  /** The largest body, in bytes, both as it is sent and unpacked. */
  readonly maxBytes: number
  /** True where the first `maxBytes` of a larger body are of use. */
  readonly truncate?: boolean
  /** Asked once, as soon as the first kilobyte is there, whether the rest is of use. Of a body that is shorter it is not asked. */
  readonly isWanted?: (contentType: string | undefined, beginning: Uint8Array) => boolean
}

/**
 * The body of an answer, unpacked. It is unpacked as it comes and never beyond the limit, whatever it would become. A body of which
 * enough has been read, or that is not wanted, is given up with its connection. Throws `fetch_failed` where it is too large or packed in another way.
 */
export async function readBody(
  { headers, body }: Pick<Dispatcher.ResponseData, 'headers' | 'body'>,
  { maxBytes, truncate = false, isWanted }: BodyLimit,
): Promise<{ readonly body: Buffer; readonly isTruncated: boolean }> {
  const encoding = encodingOf(headers['content-encoding'])
  if (encoding === undefined) throw unread(body, 'The answer is packed in a way that was not asked for.')
  if (!truncate && Number(single(headers['content-length'])) > maxBytes) throw unread(body, tooLarge(maxBytes))
  const chunks: Uint8Array[] = []
  let size = 0
  let isJudged = isWanted === undefined
  const isEnough = (): boolean => {
    if (size > maxBytes) return true
    if (isJudged || size < beginningBytes) return false
    isJudged = true
    return isWanted?.(single(headers['content-type']), Buffer.concat(chunks, size)) === false
  }
  let isLeft = false
  const collect = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const bytes of source) {
      chunks.push(bytes)
      size += bytes.byteLength
      if (!isEnough()) continue
      isLeft = true
      // At once: what feeds this may wait for a server that sends no more.
      abandon(body)
      throw truncate || size <= maxBytes ? enough : new GatewayError('fetch_failed', { message: tooLarge(maxBytes) })
    }
  }
  try {
    await (encoding === 'identity' ? collect(body) : unpack(body, encoding, maxBytes, collect))
  } catch (error) {
    if (error !== enough) throw error
  } finally {
    abandon(body)
  }
  return { body: Buffer.concat(chunks, Math.min(size, maxBytes)), isTruncated: isLeft }
}

/** As much as tells one kind of data from another. */
const beginningBytes = 1024

const enough = new Error('enough of the body has been read')

type Encoding = 'identity' | 'gzip' | 'deflate' | 'br'

/** Undefined for what is unknown, and for several over one another: nobody packs twice but to do harm. */
function encodingOf(header: string | string[] | undefined): Encoding | undefined {
  const name = String(header ?? '')
    .trim()
    .toLowerCase()
  switch (name) {
    case '':
    case 'identity':
      return 'identity'
    case 'gzip':
    case 'x-gzip':
      return 'gzip'
    case 'deflate':
    case 'br':
      return name
    default:
      return undefined
  }
}

type Collect = (source: AsyncIterable<Uint8Array>) => Promise<void>

async function unpack(
  body: Readable,
  encoding: Exclude<Encoding, 'identity'>,
  maxBytes: number,
  collect: Collect,
): Promise<void> {
  const packed = atMost(maxBytes, body)
  const first = await packed.next()
  // An answer without a body, such as one to say that there is none, may still name its encoding.
  if (first.done) return
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value
    yield* packed
  }
  await pipeline(source, unpackerOf(encoding, first.value), collect)
}

function unpackerOf(encoding: Exclude<Encoding, 'identity'>, beginning: Uint8Array): Transform {
  if (encoding === 'gzip') return createGunzip()
  if (encoding === 'br') return createBrotliDecompress()
  // By the standard it has the header of zlib, and many leave it out.
  return ((beginning[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw()
}

/** What is packed may be much and become nothing. */
async function* atMost(maxBytes: number, body: Readable): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    const bytes: Uint8Array = chunk
    size += bytes.byteLength
    if (size > maxBytes) throw new GatewayError('fetch_failed', { message: tooLarge(maxBytes) })
    yield bytes
  }
}

function tooLarge(maxBytes: number): string {
  return `The answer is larger than ${maxBytes} bytes.`
}

function unread(body: Readable, message: string): GatewayError {
  abandon(body)
  return new GatewayError('fetch_failed', { message })
}

/** That the connection closes with it is no error of anybody's. */
export function abandon(body: Readable): void {
  body.on('error', () => undefined).destroy()
}

export function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
