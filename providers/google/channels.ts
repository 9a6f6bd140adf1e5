import type { Client, Metadata } from '@grpc/grpc-js'

/**
 * Connections to where Google is, or what stands in its place. A connection carries many calls, whoever's they are: each brings its own key. One
 * that carries as many as a server takes is not waited for; the next call opens another.
 */
export class Channels {
  /** By their address. The first is the one that was asked for longest ago. */
  readonly #endpoints = new Map<string, Channel[]>()

  /** A channel for one more call, which is told of the call's end by `release`. */
  async take(baseURL: URL): Promise<Channel> {
    // Loaded with the first call: most gateways speak with other voices, or with none.
    const grpc = await import('@grpc/grpc-js')
    const channels = this.#channelsTo(baseURL.origin)
    let channel = channels.reduce<Channel | undefined>(
      (least, each) => (least && least.calls <= each.calls ? least : each),
      undefined,
    )
    if (!channel || (channel.calls >= mostCalls && channels.length < mostChannels)) {
      const isPlain = baseURL.protocol === 'http:'
      const credentials = isPlain ? grpc.credentials.createInsecure() : grpc.credentials.createSsl()
      const target = `dns:${baseURL.hostname}:${baseURL.port || (isPlain ? '80' : '443')}`
      channel = new Channel(new grpc.Client(target, credentials, options), () => new grpc.Metadata())
      channels.push(channel)
    }
    channel.calls++
    return channel
  }

  /** The call is over. A connection that is `dead` is not used again. */
  release(baseURL: URL, channel: Channel, isDead: boolean): void {
    channel.calls--
    const channels = this.#endpoints.get(baseURL.origin)
    const at = isDead ? (channels?.indexOf(channel) ?? -1) : -1
    if (at < 0) return
    channels?.splice(at, 1)
    channel.client.close()
  }

  #channelsTo(origin: string): Channel[] {
    const channels = this.#endpoints.get(origin) ?? []
    this.#endpoints.delete(origin)
    this.#endpoints.set(origin, channels)
    const [oldest] = this.#endpoints
    if (this.#endpoints.size > mostEndpoints && oldest) {
      this.#endpoints.delete(oldest[0])
      // The calls that are under way go on to their end.
      for (const { client } of oldest[1]) client.close()
    }
    return channels
  }
}

export class Channel {
  readonly client: Client
  readonly metadata: () => Metadata
  /** How many are under way. */
  calls = 0

  constructor(client: Client, metadata: () => Metadata) {
    this.client = client
    this.metadata = metadata
  }
}

/** Operators have one; those beyond are of tests, or of a configuration that changed. */
const mostEndpoints = 4
/** Google takes 100 calls on a connection. */
const mostCalls = 90
const mostChannels = 32

const options = {
  // A minute of the fullest PCM is 6 MB; a whole text of the longest is ten times that.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  // Each channel is a connection of its own.
  'grpc.use_local_subchannel_pool': 1,
  // Only what the operator configured is asked, and nobody on the way.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_channelz': 0,
  // Whoever calls decides whether something is said again.
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': 250,
  'grpc.max_reconnect_backoff_ms': 5000,
  'grpc.client_idle_timeout_ms': 300_000,
}
