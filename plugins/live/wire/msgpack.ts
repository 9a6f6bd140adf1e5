import { isUtf8 } from 'node:buffer'
import type { Path } from '../../../text/json-text.ts'
import { maxDepth, Refusal, refused, tooDeep, tooManyValues } from './refusal.ts'
import { violation } from './violations.ts'

export interface Unpacked {
  readonly value: unknown
  /** Where bytes stand in it, in their order. They are views of the frame. */
  readonly binAt: readonly Path[]
}

/**
 * The value of a frame of MessagePack. It is read here and not by a package, because packages take what JSON has no form for, keep one of
 * two equal keys, mend text that is not UTF-8, and do not say where. Throws a `Refusal` for all of that.
 *
 * A length is believed only as far as there are bytes, so that nothing is allocated for those that are not there.
 */
export function readMsgpack(data: Uint8Array, mostValues: number): Unpacked {
  const reader = new Reader(data, mostValues)
  const value = reader.value(0)
  if (reader.at < data.length) throw malformed(`${data.length - reader.at} bytes follow it`)
  return { value, binAt: reader.binAt }
}

/** One frame. `#path` is where the value stands that is being read. */
class Reader {
  at = 0
  readonly binAt: Path[] = []
  readonly #bytes: Buffer
  readonly #mostValues: number
  readonly #path: (string | number)[] = []
  #values = 0

  constructor(data: Uint8Array, mostValues: number) {
    this.#mostValues = mostValues
    this.#bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  }

  value(depth: number): unknown {
    if (++this.#values > this.#mostValues) throw tooManyValues(this.#mostValues)
    const head = this.#uint(1)
    if (head < 0x80) return head
    if (head < 0x90) return this.#map(head - 0x80, depth + 1)
    if (head < 0xa0) return this.#list(head - 0x90, depth + 1)
    if (head < 0xc0) return this.#text(head - 0xa0)
    if (head >= 0xe0) return head - 0x100
    return this.#long(head, depth)
  }

  /** What its first byte alone does not tell. */
  #long(head: number, depth: number): unknown {
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.#bin(this.#uint(1))
      case 0xc5:
        return this.#bin(this.#uint(2))
      case 0xc6:
        return this.#bin(this.#uint(4))
      case 0xca:
        return this.#finite(this.#take(4).readFloatBE())
      case 0xcb:
        return this.#finite(this.#take(8).readDoubleBE())
      case 0xcc:
        return this.#uint(1)
      case 0xcd:
        return this.#uint(2)
      case 0xce:
        return this.#uint(4)
      case 0xcf:
        return this.#exact(this.#take(8).readBigUInt64BE())
      case 0xd0:
        return this.#take(1).readInt8()
      case 0xd1:
        return this.#take(2).readInt16BE()
      case 0xd2:
        return this.#take(4).readInt32BE()
      case 0xd3:
        return this.#exact(this.#take(8).readBigInt64BE())
      case 0xd9:
        return this.#text(this.#uint(1))
      case 0xda:
        return this.#text(this.#uint(2))
      case 0xdb:
        return this.#text(this.#uint(4))
      case 0xdc:
        return this.#list(this.#uint(2), depth + 1)
      case 0xdd:
        return this.#list(this.#uint(4), depth + 1)
      case 0xde:
        return this.#map(this.#uint(2), depth + 1)
      case 0xdf:
        return this.#map(this.#uint(4), depth + 1)
      case 0xc1:
        throw malformed(`the byte 0xc1 at ${this.at - 1} is never used`)
      default:
        throw malformed(`an extension type stands at ${this.at - 1}, and JSON has no form for it`)
    }
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#enter(length * 2, depth)
    const map: Record<string, unknown> = {}
    for (let index = 0; index < length; index++) {
      const start = this.at
      const key = this.value(depth)
      if (typeof key !== 'string') throw malformed(`the key at ${start} is not text`)
      this.#path.push(key)
      if (Object.hasOwn(map, key)) throw refused(this.#path, 'duplicate_key', 'the key stands more than once in its object')
      const value = this.value(depth)
      // An assignment to this key would change what the object is, and not what it holds.
      if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true })
      else map[key] = value
      this.#path.pop()
    }
    return map
  }

  #list(length: number, depth: number): unknown[] {
    this.#enter(length, depth)
    const list: unknown[] = []
    for (let index = 0; index < length; index++) {
      this.#path.push(index)
      list.push(this.value(depth))
      this.#path.pop()
    }
    return list
  }

  /** Each value takes a byte at the least. */
  #enter(values: number, depth: number): void {
    if (depth > maxDepth) throw tooDeep()
    if (values > this.#bytes.length - this.at) throw cutShort()
  }

  #text(length: number): string {
    const bytes = this.#take(length)
    if (!isUtf8(bytes)) throw malformed(`the text at ${this.at - length} is not valid UTF-8`)
    return bytes.toString()
  }

  #bin(length: number): Uint8Array {
    this.binAt.push([...this.#path])
    return this.#take(length)
  }

  #finite(number: number): number {
    if (Number.isFinite(number)) return number
    throw refused(this.#path, 'number_out_of_range', 'JSON has no form for the number')
  }

  #exact(whole: bigint): number {
    const number = Number(whole)
    if (BigInt(number) === whole) return number
    throw refused(this.#path, 'number_not_exact', 'the number would be rounded by being read')
  }

  #uint(length: number): number {
    if (this.at + length > this.#bytes.length) throw cutShort()
    const number = this.#bytes.readUIntBE(this.at, length)
    this.at += length
    return number
  }

  #take(length: number): Buffer {
    const end = this.at + length
    if (end > this.#bytes.length) throw cutShort()
    const bytes = this.#bytes.subarray(this.at, end)
    this.at = end
    return bytes
  }
}

function cutShort(): Refusal {
  return malformed('it is cut short')
}

function malformed(why: string): Refusal {
  return new Refusal(violation('invalid_msgpack', { message: `The message is not valid MessagePack: ${why}.` }))
}
