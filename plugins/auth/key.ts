import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { Secret } from '../../api/secret.ts'

/** What every key of the gateway begins with, and no key of a provider. */
export const keyPrefix = 'vai_sk_'

/** A new key: the prefix, 32 random letters and digits, and 6 by which a mistyped key is known without being looked up. */
export function newKey(): Secret {
  const random = randomWord(32)
  return new Secret(`${keyPrefix}${random}${checksumOf(random)}`)
}

/** Whether a word could be a key: it has the form of one, and its checksum fits. */
export function isWhole(word: string): boolean {
  const [, random, checksum] = form.exec(word) ?? []
  return random !== undefined && checksumOf(random) === checksum
}

/** What is kept of a key: its SHA-256 in hexadecimal. A key is too random for a guess at what has this hash. */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Random letters and digits. */
export function randomWord(length: number): string {
  let word = ''
  while (word.length < length) {
    for (const byte of randomBytes(length)) {
      // The last bytes are left out, or the first letters would come more often than the others.
      if (byte < 4 * alphabet.length && word.length < length) word += alphabet.charAt(byte % alphabet.length)
    }
  }
  return word
}

const form = /^vai_sk_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function checksumOf(random: string): string {
  let digits = ''
  for (let rest = crc32(random), place = 0; place < 6; place++) {
    digits = alphabet.charAt(rest % alphabet.length) + digits
    rest = Math.floor(rest / alphabet.length)
  }
  return digits
}
