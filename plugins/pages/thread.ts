import { extract } from './extract.ts'

/** A thread that reads pages. What they are made to do to it, they do to nobody else. */

/** No one buffer that a page is unpacked into is larger, in bytes: threads are limited in the memory of objects, not of buffers. */
const maxBufferBytes = 64 * 1024 * 1024

globalThis.Uint8Array = new Proxy(Uint8Array, {
  construct(target, args, newTarget) {
    const [length]: unknown[] = args
    if (typeof length === 'number' && length > maxBufferBytes) throw new RangeError('a page unpacks to too much')
    return Reflect.construct(target, args, newTarget)
  },
})

// It unpacks all there is before anybody can say that it is enough; without it the reader of PDFs unpacks into buffers of its own.
Reflect.deleteProperty(globalThis, 'DecompressionStream')

export default extract
