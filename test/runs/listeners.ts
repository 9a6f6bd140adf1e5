import { afterAll, beforeAll } from 'vitest'
import { type Gateway, startGateway } from '../gateway.ts'
import type { Upstream } from '../upstreams/upstream.ts'
import { keys, vendors } from './vendors.ts'

/** A vendor that takes any conversation which keeps its rules, and a gateway before it. */
export interface Listener {
  readonly upstream: Upstream
  readonly gateway: Gateway
}

/** One for each vendor, by its model, from before the first test until after the last. */
export function listenAtAll(): ReadonlyMap<string, Listener> {
  const listeners = new Map<string, Listener>()
  beforeAll(async () => {
    for (const { model, startListener, settings } of vendors) {
      const upstream = await startListener()
      listeners.set(model, { upstream, gateway: await startGateway({ env: settings(upstream.url), keys }) })
    }
  })
  afterAll(async () => {
    for (const { gateway, upstream } of listeners.values()) {
      await gateway.close()
      await upstream.close()
    }
  })
  return listeners
}
