import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Gateway, startGateway } from '../../gateway.ts'
import { missing, titled } from '../../programs.ts'
import { until } from '../../until.ts'

const server = fileURLToPath(new URL('../../../server.ts', import.meta.url))
const noSox = missing('sox')

let gateway: Gateway
let folder: string

beforeAll(async () => {
  gateway = await startGateway()
  folder = mkdtempSync(join(tmpdir(), 'vai-live-process-'))
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

function vai(...args: readonly string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', server, 'live', ...args], { env: { PATH: process.env.PATH ?? '' } })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, ended, output: () => output, errors: () => errors }
}

describe('the process', { timeout: 60_000 }, () => {
  it.skipIf(noSox)(titled('hears what sox made, and what it writes sox can read', noSox), async () => {
    const [question, answer] = [join(folder, 'question.wav'), join(folder, 'answer.wav')]
    const made = spawnSync('sox', [
      '-n',
      '-r',
      '22050',
      '-c',
      '2',
      question,
      'synth',
      '1.5',
      'sine',
      '300',
      'vol',
      '0.5',
      'pad',
      '0.3',
      '0.2',
    ])
    expect(made.status).toBe(0)
    const { ended, output, errors } = vai('--url', gateway.url, '--in', question, '--out', answer)
    expect(await ended, errors()).toBe(0)
    expect(output()).toMatch(/^you: Speech of 1\.\d seconds\.\nassistant: /)
    const told = spawnSync('sox', ['--i', answer], { encoding: 'utf8' }).stdout
    expect(told).toMatch(/Channels +: 1\nSample Rate +: 24000\nPrecision +: 16-bit/)
    const stat = spawnSync('sox', [answer, '-n', 'stat'], { encoding: 'utf8' }).stderr
    expect(Number(/Length \(seconds\): +([\d.]+)/.exec(stat)?.[1])).toBeGreaterThan(3)
    expect(Number(/Maximum amplitude: +([\d.]+)/.exec(stat)?.[1])).toBeGreaterThan(0.05)
  })

  it('ends with 3 where there is no gateway, and says so', async () => {
    const { child, ended, errors } = vai('--url', 'ws://127.0.0.1:1', '--text', '--out', join(folder, 'none.wav'))
    child.stdin.end('Hello\n')
    expect(await ended).toBe(3)
    expect(errors()).toBe(
      'There is no session at ws://127.0.0.1:1/v1/live: nobody answers. Start one with "npm start" in another terminal, or name another with --url.\n',
    )
  })

  it('ends its session at Ctrl-C', async () => {
    const { child, ended, output, errors } = vai('--url', gateway.url, '--text', '--out', join(folder, 'answer.wav'))
    child.stdin.write('A sentence that takes a while to be spoken, and another one behind it.\n')
    await until(() => output().includes('assistant: '))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(errors()).toContain('The session is over: ')
  })
})
