/**
 * A key that cannot be printed by accident: every way of turning it into text gives a placeholder, but `reveal()`.
 */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** The key itself. Only for the header it is meant for, and for masking. */
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return placeholder
  }
  toJSON(): string {
    return placeholder
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return placeholder
  }
}

/** Replaces the given secrets, and whatever has the form of a well-known key, by a placeholder. */
export function mask(text: string, secrets: readonly Secret[] = []): string {
  let masked = text
  for (const secret of secrets) {
    const value = secret.reveal()
    if (value.length >= leastSecret) masked = masked.replaceAll(value, placeholder)
  }
  return masked.replace(wellKnownKeys, placeholder)
}

/**
 * At most `length` characters of a text's beginning, masked before it is cut: a piece of a key would not be known as one. A long
 * text is looked at only as far as masking can have moved what is shown.
 */
export function maskedExcerpt(text: string, length: number, secrets: readonly Secret[] = []): string {
  return mask(text.slice(0, length + 64 * 1024), secrets).slice(0, length)
}

/** What is to be masked of an address that may hold a password: all of it, and the password as it is written there and as it is meant. */
export function secretsIn(address: Secret): Secret[] {
  const { password } = new URL(address.reveal())
  return [address.reveal(), password, decoded(password)].filter((text) => text !== '').map((text) => new Secret(text))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const placeholder = '[redacted]'
/** Characters: a shorter "key" is a word that would be found everywhere; it protects nothing. */
export const leastSecret = 6

/** Anthropic, OpenAI and those who write keys like them; Google; Groq; Cerebras; xAI; the gateway's own; bearer tokens. */
const wellKnownKeys =
  /\b(?:sk-[A-Za-z0-9_-]{12,}|vai_sk_[A-Za-z0-9_-]{8,}|AIza[A-Za-z0-9_-]{20,}|gsk_[A-Za-z0-9]{16,}|csk-[A-Za-z0-9]{16,}|xai-[A-Za-z0-9]{16,}|Bearer\s+[A-Za-z0-9._~+/=-]{12,})/g
