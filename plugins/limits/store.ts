/**
 * Counts for all who share a limit: the memory of one process, of the first of several processes, or Redis. Names are the caller's
 * business; a store knows neither keys nor tenants. Its methods reject where it cannot be asked; and with `BrokenCounts` where it can,
 * but some of what is named is no count.
 */
export interface LimitStore {
  /**
   * Takes everything that is claimed, or nothing. No two claims are of one name, and all names have one `{tag}`. Without claims it
   * says only that the store is there and can count.
   */
  take(claims: readonly Claim[]): Promise<Verdict>
  /**
   * Corrects what was taken, by how much more or less it became. What is over the limit then holds up later claims. What became less is
   * given back to the count that has it, and to no other: a count may have been lost since, and another begun in its place.
   */
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

/** An amount that is used up until its period is over; claimed are whole numbers below 2^53. */
export interface QuotaClaim {
  readonly kind: 'quota'
  readonly name: string
  readonly limit: number
  readonly amount: number
  /** How long a period is, in milliseconds. They follow each other from 1970 on, by the store's clock. */
  readonly periodMs: number
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

export type Correction = RateCorrection | QuotaCorrection

export interface RateCorrection extends Pick<RateClaim, 'kind' | 'name' | 'perMinute' | 'capacity'>, OfVerdict {
  readonly by: number
}

export interface QuotaCorrection extends Pick<QuotaClaim, 'kind' | 'name' | 'periodMs'>, OfVerdict {
  readonly by: number
  /** As the state of the claim said. */
  readonly since: number
}

/** What a correction repeats of the verdict on what it corrects. */
export interface OfVerdict {
  /** This process alone counted, in place of the store that counts for all. */
  readonly isLocal?: boolean
}

export interface Verdict extends OfVerdict {
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
  /** Of a quota: when its count began, in milliseconds since 1970 by the store's clock; so it is known which count it is. */
  readonly since?: number
}

/** Something else lies where counts should be. Nothing was taken; the other counts were corrected, given back and renewed. */
export class BrokenCounts extends Error {
  override readonly name = 'BrokenCounts'
  /** As the store calls them. */
  readonly names: readonly string[]

  constructor(names: readonly string[]) {
    super('what is kept under these names is no count')
    this.names = names
  }
}
