/**
 * Counts for all who share a limit: the memory of one process, of the first of several processes, or Redis. Names are the caller's
 * business; a store knows neither keys nor tenants.
 */
export interface LimitStore {
  /**
   * Takes everything that is claimed, or nothing. No two claims are of one name, and all names have one `{tag}`. Without claims it
   * says only that the store is there.
   */
  take(claims: readonly Claim[]): Promise<Verdict>
  /** Corrects what was taken, by how much more or less it became. What is over the limit then holds up later claims. */
  settle(corrections: readonly Correction[]): Promise<void>
  /** Gives leases back; one that is gone already is no error. */
  release(leases: readonly LeaseName[]): Promise<void>
  /** Keeps leases for another time of their length; one that is gone is taken again, whatever the limit. */
  renew(leases: readonly LeaseName[], ttlMs: number): Promise<void>
  close(): Promise<void>
}

export type Claim = RateClaim | QuotaClaim | LeaseClaim

/** A bucket that fills by `perMinute` and holds `capacity`. More than it holds is taken from a full one, which then owes the rest. */
export interface RateClaim {
  readonly kind: 'rate'
  readonly name: string
  readonly perMinute: number
  readonly capacity: number
  readonly amount: number
}

/** An amount that is used up until it begins anew; claimed are whole numbers below 2^53. */
export interface QuotaClaim {
  readonly kind: 'quota'
  readonly name: string
  readonly limit: number
  readonly amount: number
  /** Milliseconds since 1970. */
  readonly resetsAt: number
}

/** One of at most `limit` holders; it is free again after `ttlMs`, unless it was renewed. */
export interface LeaseClaim {
  readonly kind: 'lease'
  readonly name: string
  readonly limit: number
  readonly holder: string
  readonly ttlMs: number
}

export type LeaseName = Pick<LeaseClaim, 'name' | 'holder'>

export type Correction =
  | (Pick<RateClaim, 'kind' | 'name' | 'perMinute' | 'capacity'> & { readonly by: number })
  | (Pick<QuotaClaim, 'kind' | 'name' | 'resetsAt'> & { readonly by: number })

export interface Verdict {
  /** The claim that could not be met, by its place, of several the one that takes the longest; undefined where all were. */
  readonly refused: number | undefined
  /** How each of the claims stands now, in their order. */
  readonly states: readonly ClaimState[]
}

export interface ClaimState {
  /** How much may still be claimed, never below 0. */
  readonly remaining: number
  /** Milliseconds until what was claimed could be met; where it was met, until there is more. 0 for a lease. */
  readonly waitMs: number
}
