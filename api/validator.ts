/** A compiled check of a value. What it found stands in `errors` until the next call. */
export interface Validator {
  (value: unknown): boolean
  errors?: readonly ValidationError[] | null
}

/** One thing that is wrong, as JSON Schema's keywords tell it. */
export interface ValidationError {
  readonly keyword: string
  /** A JSON pointer to the value. */
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
  readonly data?: unknown
  readonly parentSchema?: object & { readonly properties?: object }
}
