import { connect as dial } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { newKey } from '../../../../plugins/auth/key.ts'
import { WaitingRoom } from '../../../../plugins/live/door/waiting-room.ts'
import { envWith, gatewayKey } from '../../../gateway-keys.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { until } from '../../../until.ts'
import { connectionsOf, type DoorStage, hello, type LiveClient, startDoor, upgradeRequest } from './stage.ts'

/** Who may come in, and whose keys are used. */

const running: DoorStage[] = []
afterEach(async () => {
  for (const { gateway } of running.splice(0)) await gateway.close()
})

async function start(...options: Parameters<typeof startDoor>): Promise<DoorStage> {
  const stage = await startDoor(...options)
  running.push(stage)
  return stage
}

const withKey = (gateway_api_key: string) => ({ ...hello, auth: { gateway_api_key } })

/** What a client is told that is not let in, and with what its socket is closed. */
async function turnedAway(client: LiveClient): Promise<string> {
  const told = await client.next()
  const { code } = await client.closed
  return told.type === 'error' ? `${told.code} ${told.close} ${code}` : told.type
}

describe('a key of the gateway', () => {
  const app = gatewayKey('app')
  const other = gatewayKey('other')

  it('comes with the upgrade', async () => {
    const { connect, sessions, gateway } = await start({ env: envWith([app]) })
    const client = connect({ headers: { authorization: `Bearer ${app.key}` } })
    await client.sendOpened(hello)
    await client.next()
    expect(sessions.opened[0]?.caller.principal.id).toBe('key:app')
    client.socket.terminate()
    expect(JSON.parse(await gateway.logged('"route":"/v1/live"'))).toMatchObject({ key_id: 'app' })
  })

  it('that is wrong is refused before there is a socket', async () => {
    const { connect } = await start({ env: envWith([app]) })
    const { status, headers, body } = await connect({ headers: { 'x-api-key': newKey().reveal() } }).refused
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer')
    expect(JSON.parse(body).error.code).toBe('invalid_api_key')
  })

  it('may come in hello, from those who can send no headers', async () => {
    const { connect, sessions, gateway } = await start({ env: envWith([app]) })
    const client = connect()
    await client.sendOpened(withKey(app.key))
    expect(await client.next()).toMatchObject({ type: 'hello_ack' })
    expect(sessions.opened[0]?.caller.principal.id).toBe('key:app')
    expect(JSON.stringify(sessions.opened[0]?.hello)).not.toContain('vai_sk_')
    client.socket.terminate()
    expect(JSON.parse(await gateway.logged('"route":"/v1/live"'))).toMatchObject({ key_id: 'app' })
  })

  it('that is missing, wrong, turned off or no key at all is told and ends the socket', async () => {
    const off = gatewayKey('off', { disabled: true })
    const { connect, sessions } = await start({ env: envWith([app, off]) })
    const wrong: [unknown, string][] = [
      [hello, 'missing_api_key'],
      [withKey(newKey().reveal()), 'invalid_api_key'],
      [withKey('sk-of-somebody-else'), 'invalid_api_key'],
      [withKey(off.key), 'disabled_api_key'],
    ]
    for (const [first, code] of wrong) {
      const client = connect()
      await client.sendOpened(first)
      expect(await turnedAway(client)).toBe(`${code} true 1008`)
    }
    expect(sessions.opened).toEqual([])
  })

  it('that is missing is asked for where a browser can send it', async () => {
    const { connect } = await start({ env: envWith([app]) })
    const client = connect()
    await client.sendOpened(hello)
    expect(await client.next()).toMatchObject({
      code: 'missing_api_key',
      param: 'auth.gateway_api_key',
      message: expect.stringMatching(/in hello as auth\.gateway_api_key, or with the upgrade as `Authorization: Bearer/),
    })
  })

  it('is one: two of different owners are none', async () => {
    const { connect, sessions } = await start({ env: envWith([app, other]) })
    const headers = { 'x-api-key': app.key }
    const two = connect({ headers })
    await two.sendOpened(withKey(other.key))
    expect(await turnedAway(two)).toBe('invalid_api_key true 1008')
    const same = connect({ headers })
    await same.sendOpened(withKey(app.key))
    expect(await same.next()).toMatchObject({ type: 'hello_ack' })
    expect(sessions.opened).toHaveLength(1)
  })

  it('counts against the address where it is guessed, by whichever way it comes', async () => {
    const { connect } = await start({ env: envWith([app]) })
    for (let guess = 0; guess < 30; guess++) {
      const client = connect()
      await client.sendOpened(withKey(newKey().reveal()))
      await client.closed
    }
    const client = connect()
    await client.sendOpened(withKey(newKey().reveal()))
    expect(await turnedAway(client)).toBe('authentication_rate_limit true 1013')
    expect(await connect({ headers: { 'x-api-key': newKey().reveal() } }).refusal()).toBe('429 authentication_rate_limit')
    const right = connect()
    await right.sendOpened(withKey(app.key))
    expect(await right.next()).toMatchObject({ type: 'hello_ack' })
  })

  it('need not come where it is optional, and then the address is who calls', async () => {
    const { connect, sessions } = await start({ env: { ...envWith([app]), VAI_AUTH_MODE: 'optional' } })
    for (const first of [hello, withKey(app.key)]) {
      const client = connect()
      await client.sendOpened(first)
      await client.next()
    }
    expect(sessions.opened.map(({ caller }) => caller.principal.id)).toEqual(['address:127.0.0.1', 'key:app'])
  })
})

describe('sockets of which nobody knows whose they are', () => {
  it('are so many from one address, until they say it or are gone', async () => {
    const app = gatewayKey('app')
    const { connect, gateway } = await start({ env: envWith([app]), parts: { clock: new ManualClock() } })
    const silent = Array.from({ length: 64 }, () => connect())
    await Promise.all(silent.map(({ opened }) => opened))
    expect(await connect().refusal()).toBe('429 concurrency_limit')
    // Who shows a key is not one of them.
    await connect({ headers: { 'x-api-key': app.key } }).opened
    await silent[0]?.sendOpened(withKey(app.key))
    await silent[0]?.next()
    await connect().opened
    expect(await connect().refusal()).toBe('429 concurrency_limit')
    silent[1]?.socket.terminate()
    await gateway.logged('"close_code":1006')
    await connect().opened
  })

  it('leave nothing behind, whenever they are broken off', async () => {
    const app = gatewayKey('app')
    const clock = new ManualClock()
    const { connect, gateway, sessions } = await start({ env: envWith([app]), parts: { clock } })
    const waitingBefore = clock.waiting
    const let_: { go?: () => void } = {}
    const atTheDoor = new Promise<void>((resolve) => {
      sessions.before = () => {
        resolve()
        return new Promise((go) => {
          let_.go = go
        })
      }
    })
    const whileUpgrading = connect()
    whileUpgrading.socket.terminate()
    const whileSilent = connect()
    await whileSilent.opened
    whileSilent.socket.terminate()
    const whileOpening = connect()
    await whileOpening.sendOpened(withKey(app.key))
    await atTheDoor
    whileOpening.socket.terminate()
    await until(async () => (await connectionsOf(gateway)) === 0)
    const opened = sessions.next()
    let_.go?.()
    const session = await opened
    await session.until(({ isLost }) => isLost)
    // What a session holds is its own to give back.
    session.place.release()
    // Leases are kept by one timer, which looks once more whether there are any.
    clock.advance(10_000)
    expect(clock.waiting).toBe(waitingBefore)
  })
})

describe('what comes before it is known whose a socket is', () => {
  const app = gatewayKey('app')
  const long = 'a'.repeat(300_000)
  const messages = [{ role: 'user', content: long }]

  it('is a short hello, unless the key came with the upgrade', async () => {
    const { connect } = await start({ env: envWith([app]) })
    const client = connect()
    await client.sendOpened({ ...withKey(app.key), messages })
    expect(await client.next()).toMatchObject({ type: 'error', code: 'message_too_large', close: true })
    expect((await client.closed).code).toBe(1009)
    const known = connect({ headers: { 'x-api-key': app.key } })
    await known.sendOpened({ ...hello, messages })
    expect(await known.next()).toMatchObject({ type: 'hello_ack' })
  })

  it('holds few values', async () => {
    const { connect } = await start({ env: envWith([app]) })
    const client = connect()
    const wrong = Array.from({ length: 10_001 }, () => 1)
    await client.sendOpened({ ...withKey(app.key), messages: wrong })
    expect(await client.next()).toMatchObject({ code: 'invalid_message', issues: [{ code: 'too_many_values' }] })
  })

  it('is no more of a message that is not complete', async () => {
    const { gateway } = await start({ env: envWith([app]) })
    const { hostname, port, host } = new URL(gateway.url)
    const socket = dial(Number(port), hostname)
    socket.on('error', () => undefined)
    let told = ''
    socket.on('data', (chunk) => {
      told += chunk.toString('latin1')
    })
    socket.write(upgradeRequest(host))
    await until(() => told.includes('101 Switching'))
    // The head of a text frame of ten megabytes.
    socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x98, 0x96, 0x80, 0, 0, 0, 0]))
    socket.write(long)
    await until(() => told.includes('"message_too_large"'))
    socket.destroy()
    expect(JSON.parse(await gateway.logged('"route":"/v1/live"'))).toMatchObject({ error: 'message_too_large' })
  })

  it('is all that is bound so: what comes later may be large', async () => {
    const { connect, sessions } = await start({ env: envWith([app]) })
    const client = connect()
    await client.sendOpened(withKey(app.key))
    expect(await client.next()).toMatchObject({ type: 'hello_ack' })
    client.send({ type: 'input_text', content: long })
    await sessions.opened[0]?.until(({ received }) => received.length === 1)
  })

  it('is bounded for all sockets together', () => {
    const room = new WaitingRoom({ ofAddress: 4, inAll: 4, bytes: 100, bytesInAll: 150 })
    const [first, second] = [room.enter('a'), room.enter('b')]
    expect(first.received(100)).toBeUndefined()
    expect(first.received(1)).toBe('message_too_large')
    expect(second.received(50)).toBe('overloaded')
    first.leave()
    first.leave()
    expect(first.received(1000)).toBeUndefined()
    expect(second.received(50)).toBeUndefined()
    expect(room.size).toBe(1)
  })
})

describe('the origin of a page', () => {
  it.each([
    ['http://localhost:{port}', 'a page of this gateway itself', 'localhost:{port}'],
    ['http://127.0.0.1:{port}', 'a page of this gateway itself', '127.0.0.1:{port}'],
    ['https://app.example.com', 'one that the operator allows', '127.0.0.1:{port}'],
  ])('%s may connect without a key: %s', async (origin, _why, host) => {
    const { connect, gateway } = await start({ env: { VAI_CORS_ORIGINS: 'https://app.example.com' } })
    const { port } = new URL(gateway.url)
    await connect({ headers: { origin: origin.replace('{port}', port), host: host.replace('{port}', port) } }).opened
  })

  it.each([
    ['https://evil.example.com', '127.0.0.1:{port}'],
    ['http://evil.example.com:{port}', 'evil.example.com:{port}'],
    ['http://localhost:3000', 'localhost:{port}'],
    ['http://127.0.0.1:{port}', 'localhost:{port}'],
    ['null', '127.0.0.1:{port}'],
    ['file://', '127.0.0.1:{port}'],
    ['chrome-extension://abcdef', '127.0.0.1:{port}'],
  ])('%s at %s may not, where no key is asked for', async (origin, host) => {
    const { connect, gateway } = await start()
    const { port } = new URL(gateway.url)
    const headers = { origin: origin.replace('{port}', port), host: host.replace('{port}', port) }
    expect(await connect({ headers }).refusal()).toBe('403 origin_not_allowed')
  })

  it('is of no account where a key is asked for, which no browser sends by itself', async () => {
    const app = gatewayKey('app')
    const { connect } = await start({ env: envWith([app]) })
    const client = connect({ headers: { origin: 'https://elsewhere.example.com' } })
    await client.sendOpened(withKey(app.key))
    expect(await client.next()).toMatchObject({ type: 'hello_ack' })
  })
})

describe('keys of providers', () => {
  it('stand in the headers of the caller, from wherever they came', async () => {
    const { connect, sessions } = await start()
    const client = connect({ headers: { 'x-provider-key-openai': 'sk-test-header', 'x-provider-key-exa': 'sk-test-exa' } })
    await client.sendOpened({
      ...hello,
      byok: { keys: { openai: ' sk-test-header ', deepgram: 'dg-test-key', tavily: 'tvly-test' } },
    })
    await client.next()
    expect(sessions.opened[0]?.caller.headers).toMatchObject({
      'x-provider-key-openai': 'sk-test-header',
      'x-provider-key-exa': 'sk-test-exa',
      'x-provider-key-deepgram': 'dg-test-key',
      'x-provider-key-tavily': 'tvly-test',
    })
  })

  it('that nobody takes, or that differ, are told one by one', async () => {
    const { connect } = await start()
    const client = connect({ headers: { 'x-provider-key-openai': 'sk-test-one' } })
    const keys = { opnai: 'sk-test-a', demo: 'sk-test-b', openai: 'sk-test-two', groq: ' ', ['__proto__']: 'sk-test-c' }
    await client.sendOpened({ ...hello, byok: { keys } })
    const told = await client.next()
    expect(told).toMatchObject({ type: 'error', param: 'byok.keys.opnai', code: 'unknown_provider', close: true })
    expect(told.type === 'error' && told.issues?.map(({ param, code }) => [param, code])).toEqual([
      ['byok.keys.opnai', 'unknown_provider'],
      ['byok.keys.demo', 'unknown_provider'],
      ['byok.keys.openai', 'conflict'],
      ['byok.keys.groq', 'empty'],
      ['byok.keys.__proto__', 'unknown_provider'],
    ])
    expect(JSON.stringify(told)).not.toContain('sk-test')
    expect((await client.closed).code).toBe(1008)
  })

  it('are not taken where the operator brings all of them', async () => {
    const { connect } = await start({ env: { VAI_CREDENTIALS: 'managed' } })
    const client = connect()
    await client.sendOpened({ ...hello, byok: { keys: { openai: 'sk-test-one' } } })
    expect(await client.next()).toMatchObject({ code: 'provider_key_not_accepted', param: 'byok.keys.openai' })
    expect((await client.closed).code).toBe(1008)
  })

  it('are masked in every line of the session, also while its socket is lost, and then forgotten', async () => {
    const { connect, sessions, gateway } = await start({ env: { VAI_LOG_LEVEL: 'trace' } })
    const client = connect({ headers: { 'x-provider-key-exa': 'word-of-a-header' } })
    await client.sendOpened({ ...hello, byok: { keys: { deepgram: 'word-of-a-session' } } })
    await client.next()
    const [session] = sessions.opened
    session?.caller.log.info('one: word-of-a-session, word-of-a-header')
    client.socket.terminate()
    await gateway.logged('"close_code":1006')
    session?.caller.log.info('two: word-of-a-session, word-of-a-header')
    session?.place.release()
    session?.caller.log.info('three: word-of-a-session, word-of-a-header')
    const lineOf = (word: string) => gateway.logLines.find((line) => line.includes(`${word}: `)) ?? ''
    for (const word of ['one', 'two']) expect(lineOf(word)).not.toMatch(/word-of/)
    // Any word may be a key; what is nobody's any more is not to be blotted out for ever.
    expect(lineOf('three')).toMatch(/word-of-a-session, word-of-a-header/)
    expect(JSON.parse(lineOf('two'))).toMatchObject({ session_id: session?.caller.sessionId })
  })
})
