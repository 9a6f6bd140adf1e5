import { describe, expect, it } from 'vitest'
import { MemorySessionOwners } from '../../../../plugins/live/sessions/memory-owners.ts'
import { HeldSessions, type HeldSessionsOptions, ownedName } from '../../../../plugins/live/sessions/sessions.ts'
import { ManualClock } from '../../../manual-clock.ts'
import { anonymous, claim, QuietSession } from './held.ts'

function setUp(options: Partial<HeldSessionsOptions> = {}) {
  const clock = new ManualClock()
  const owners = new MemorySessionOwners({ clock })
  const process = () => new HeldSessions<QuietSession>({ owners, clock, ...options })
  const sessions = process()
  const begin = (id: string, principal = anonymous) => {
    const session = new QuietSession(sessions, id, principal)
    return { session, token: sessions.add(session) }
  }
  return { clock, owners, sessions, process, begin }
}

const resume = (sessionId: string, token: string, lastServerSeq = 3) => ({ sessionId, token, lastServerSeq })
const refused = (code: string) => expect.objectContaining({ code })

describe('a session whose socket was lost', () => {
  it('is found by its token, which is good once', async () => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    sessions.park(session)
    sessions.park(session)
    expect(sessions.parked).toBe(1)
    const claimed = await claim(sessions, resume('a', token, 1), anonymous)
    expect(claimed.session).toBe(session)
    expect(sessions.parked).toBe(0)
    sessions.heard(session)
    await expect(claim(sessions, resume('a', token), anonymous)).rejects.toEqual(refused('invalid_resume_token'))
    expect((await claim(sessions, resume('a', claimed.token), anonymous)).session).toBe(session)
  })

  it('is found by the same token again where the new one may not have arrived', async () => {
    const { sessions, begin } = setUp()
    const { token } = begin('a')
    const lost = await claim(sessions, resume('a', token), anonymous)
    const again = await claim(sessions, resume('a', token), anonymous)
    await expect(claim(sessions, resume('a', lost.token), anonymous)).rejects.toEqual(refused('invalid_resume_token'))
    await claim(sessions, resume('a', again.token), anonymous)
    await expect(claim(sessions, resume('a', token), anonymous)).rejects.toEqual(refused('invalid_resume_token'))
  })

  it('has a token that nobody guesses, unlike any other', () => {
    const { begin } = setUp()
    const tokens = Array.from({ length: 100 }, (_, index) => begin(`s${index}`).token)
    expect(new Set(tokens).size).toBe(100)
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  })

  it('is not there once it has ended', async () => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    sessions.park(session)
    session.over()
    session.over()
    expect([sessions.size, sessions.parked]).toEqual([0, 0])
    await expect(claim(sessions, resume('a', token), anonymous)).rejects.toEqual(refused('unknown_session'))
  })

  it('is not there while it ends', async () => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    sessions.over(session)
    await expect(claim(sessions, resume('a', token), anonymous)).rejects.toEqual(refused('unknown_session'))
    expect([session.told, sessions.size]).toEqual([[], 1])
  })

  it('is not there for another key or tenant, not even with the token', async () => {
    const { sessions, begin } = setUp()
    const owner = { keyId: 'app', tenant: 'acme' }
    const { session, token } = begin('a', owner)
    for (const other of [{ keyId: 'app2', tenant: 'acme' }, { keyId: 'app', tenant: 'other' }, anonymous])
      await expect(claim(sessions, resume('a', token), other)).rejects.toEqual(refused('unknown_session'))
    expect(session.told).toEqual([])
    expect((await claim(sessions, resume('a', token), { ...owner })).session).toBe(session)
  })

  it.each([
    ['a wrong token', 'x', 3, 'invalid_resume_token'],
    ['no token', '', 3, 'invalid_resume_token'],
    ['a number from the future', undefined, 4, 'invalid_request'],
    ['a number of which the next is gone', undefined, 0, 'resume_too_old'],
  ])('stays with its socket and its token where somebody comes with %s', async (_, wrong, seq, code) => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    session.outbox.received(1)
    await expect(claim(sessions, resume('a', wrong ?? token, seq), anonymous)).rejects.toEqual(refused(code))
    expect(session.told).toEqual([])
    expect((await claim(sessions, resume('a', token), anonymous)).session).toBe(session)
  })

  it('is taken over from a socket that is not known to be lost', async () => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    await claim(sessions, resume('a', token), anonymous)
    expect(session.told).toEqual(['taken over'])
    expect(sessions.parked).toBe(0)
  })

  it('is not there where it ends as it is taken over', async () => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    session.endWhenTakenOver()
    await expect(claim(sessions, resume('a', token), anonymous)).rejects.toEqual(refused('unknown_session'))
    expect([sessions.size, sessions.parked]).toEqual([0, 0])
  })
})

describe('a session that is claimed', () => {
  it('has the socket of who claimed it before anybody else does', async () => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    const lines = ['first', 'second'].map((name) =>
      sessions.claim(resume('a', token), anonymous, (claimed) => {
        claimed.told.push(name)
        return name
      }),
    )
    expect(session.told).toEqual(['taken over', 'first', 'taken over', 'second'])
    expect(await Promise.all(lines)).toEqual(['first', 'second'])
  })

  it('does first what was due, which is then part of what was missed', async () => {
    const { sessions, begin } = setUp()
    const { session, token } = begin('a')
    session.whenWoken = () => session.tell(4)
    await claim(sessions, resume('a', token, 4), anonymous)
    session.whenWoken = () => session.over()
    await expect(claim(sessions, resume('a', token, 4), anonymous)).rejects.toEqual(refused('unknown_session'))
    expect(session.told).toEqual(['taken over'])
  })

  it('is not there where it is over as it goes on', async () => {
    const { sessions, begin } = setUp()
    const { token } = begin('a')
    await expect(sessions.claim(resume('a', token), anonymous, () => undefined)).rejects.toEqual(refused('unknown_session'))
  })
})

describe('another process', () => {
  it('says that a session is held elsewhere, so that its client tries again', async () => {
    const { process, begin } = setUp()
    const { token } = begin('a')
    const error = claim(process(), resume('a', token), anonymous)
    await expect(error).rejects.toMatchObject({ code: 'session_elsewhere', transient: true, status: 503 })
    await expect(claim(process(), resume('b', token), anonymous)).rejects.toEqual(refused('unknown_session'))
  })

  it('says so to nobody but whose it is', async () => {
    const { process, begin } = setUp()
    const owner = { keyId: 'app', tenant: 'acme' }
    const { token } = begin('a', owner)
    for (const other of [
      { keyId: 'app2', tenant: 'acme' },
      { keyId: 'app', tenant: 'other' },
      { ...owner, keyId: undefined },
      anonymous,
    ])
      await expect(claim(process(), resume('a', token), other)).rejects.toEqual(refused('unknown_session'))
    await expect(claim(process(), resume('a', token), owner)).rejects.toEqual(refused('session_elsewhere'))
  })

  it('says so for as long as the session lasts, and no longer', async () => {
    const { clock, process, begin } = setUp()
    const { session, token } = begin('a')
    clock.advance(3_600_000)
    await expect(claim(process(), resume('a', token), anonymous)).rejects.toEqual(refused('session_elsewhere'))
    session.over()
    await expect(claim(process(), resume('a', token), anonymous)).rejects.toEqual(refused('unknown_session'))
    expect(clock.waiting).toBe(0)
  })

  it('knows nothing of it a while after its process has died', async () => {
    const { clock, owners, process } = setUp()
    await owners.own([ownedName('a', anonymous)], 'dead', 15_000)
    await expect(claim(process(), resume('a', 'x'), anonymous)).rejects.toEqual(refused('session_elsewhere'))
    clock.advance(15_000)
    await expect(claim(process(), resume('a', 'x'), anonymous)).rejects.toEqual(refused('unknown_session'))
  })
})

describe('the sessions of a process', () => {
  it('are no more than it can hold', () => {
    const { begin } = setUp({ most: 2 })
    const { session } = begin('a')
    begin('b')
    expect(() => begin('c')).toThrow(refused('overloaded'))
    session.over()
    begin('c')
  })

  it('are told when it goes down, and waited for', async () => {
    const { clock, sessions, begin } = setUp()
    const all = ['a', 'b'].map((id) => begin(id).session)
    let isOver = false
    const drained = sessions.drainAll(10_000).then(() => {
      isOver = true
    })
    expect(all.map(({ told }) => told)).toEqual([['drain'], ['drain']])
    expect(() => begin('c')).toThrow(refused('shutting_down'))
    all[0]?.over()
    await Promise.resolve()
    expect(isOver).toBe(false)
    all[1]?.over()
    await drained
    expect(clock.waiting).toBe(0)
  })

  it('are not waited for any longer than they may take; those that are left are ended', async () => {
    const { clock, sessions, begin } = setUp()
    const { session } = begin('a')
    const drained = sessions.drainAll(10_000)
    clock.advance(10_000)
    await drained
    await sessions.close()
    expect(session.told).toEqual(['drain', 'end'])
    expect([sessions.size, clock.waiting]).toEqual([0, 0])
  })

  it('that there are none of need not be waited for', async () => {
    const { clock, sessions } = setUp()
    await sessions.drainAll(10_000)
    expect(clock.waiting).toBe(0)
  })
})
