import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runLiveReplay } from '../../cli/live-replay.ts'
import { ConfigError } from '../../config.ts'
import { linesOf, live } from '../plugins/live/recording/recorded.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vai-replay-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const lived = live(1)
const lines = linesOf(lived)

function fileOf(text: readonly string[] | string): string {
  const file = join(folder, 'trace.jsonl')
  writeFileSync(file, typeof text === 'string' ? text : `${text.join('\n')}\n`)
  return file
}

async function replayed(text: readonly string[] | string, { check = false, version = '1.2.3' } = {}) {
  let output = ''
  const same = await runLiveReplay({ trace: fileOf(text), check }, version, (more) => {
    output += more
  })
  return { same, output }
}

describe('vai live replay', () => {
  it('prints what happened and what was done about it', async () => {
    const { same, output } = await replayed(lines)
    expect(same).toBe(true)
    const printed = output.split('\n')
    expect(printed.slice(0, 2)).toEqual([
      'live_01TEST, begun 2026-12-31T23:59:58.000Z with version 1.2.3',
      'demo/echo answers, demo/meter hears, demo/tones speaks by demo/tones',
    ])
    expect(printed.at(-2)).toBe(`${lived.steps.length} steps, the same effects.`)
    expect(output).toContain('       0.000  stream isOn=true\n              → stt-connect link=1 fromMs=0\n')
    expect(output).toMatch(/^ {7}\d\.\d{3} {2}\d+ frames, \d+ ms$/m)
    expect(output).toMatch(/^ {7}\d\.\d{3} {2}stt link=1 partial text=".+"$/m)
    expect(output).toMatch(/→ frame turn_state state="listening" turn_id=null$/m)
    // Nothing is left out but frames that were only heard, which are counted, and ticks at which nothing was done.
    const frames = [...output.matchAll(/ {2}(\d+) frames/g)].reduce((sum, match) => sum + Number(match[1]), 0)
    const told = printed.filter((line) => /^ +\d+\.\d{3} {2}(?!\d+ frames)/.test(line)).length
    const ticks = lived.steps.filter(({ input, effects }) => input.type === 'tick' && effects.length === 0).length
    expect(frames + told + ticks).toBe(lived.steps.length)
  })

  it('prints only whether it is the same, where that is asked for', async () => {
    expect(await replayed(lines, { check: true })).toEqual({
      same: true,
      output: `${lived.steps.length} steps, the same effects.\n`,
    })
  })

  it('says where something else would be done, and with which version it was done', async () => {
    const changed = lines.map((line) => line.replace('"state":"listening"', '"state":"idle"'))
    const { same, output } = await replayed(changed, { check: true, version: '2.0.0' })
    expect(same).toBe(false)
    expect(output).toMatch(/^\d+ steps, of which \d+ have other effects, the first of them in line \d+:\n/)
    expect(output).toContain('              then frame turn_state state="idle" turn_id=null\n')
    expect(output).toContain('              now  frame turn_state state="listening" turn_id=null\n')
    expect(output).toContain('It was recorded with version 1.2.3; this is 2.0.0.\n')
    const whole = await replayed(changed)
    expect(whole.output).toContain('≠ other effects than in line ')
    expect(whole.output).not.toContain('It was recorded with')
  })

  it('says that a recording ends too early', async () => {
    const { same, output } = await replayed(lines.slice(0, 20).join('\n').slice(0, -5), { check: true })
    expect(same).toBe(true)
    expect(output).toMatch(/^The recording ends before its session: it breaks off\.\n\d+ steps, the same effects\.\n$/)
  })

  it.each<[string, string]>([
    ['', 'this is no recording of a live session: it is empty'],
    ['hello\n', 'this is no recording of a live session'],
    [`${lines[0]}\nx\n${lines[1]}\n`, 'line 2: this is not JSON'],
  ])('says what is wrong with a file that is none: %j', async (text, words) => {
    await expect(replayed(text.replace(/undefined/g, ''))).rejects.toThrow(`${join(folder, 'trace.jsonl')}: ${words}`)
    await expect(replayed(text)).rejects.toThrow(ConfigError)
  })

  it('says that there is no file, or none that can be read', async () => {
    const run = (trace: string) => runLiveReplay({ trace, check: true }, '1', () => undefined)
    await expect(run(join(folder, 'none'))).rejects.toThrow(/none: ENOENT/)
    await expect(run(folder)).rejects.toThrow(/EISDIR/)
  })
})

describe('the process', { timeout: 60_000 }, () => {
  const server = fileURLToPath(new URL('../../server.ts', import.meta.url))

  function vai(...args: string[]): Promise<{ code: number | null; output: string; errors: string }> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, ['--import', 'tsx', server, ...args], { env: { PATH: process.env.PATH ?? '' } })
      let [output, errors] = ['', '']
      child.stdout.on('data', (chunk) => (output += chunk))
      child.stderr.on('data', (chunk) => (errors += chunk))
      child.once('close', (code) => resolve({ code, output, errors }))
    })
  }

  it.each([
    ['0 where all is the same', lines, 0],
    ['1 where it is not', lines.filter((line) => !line.includes('"type":"stream"')), 1],
  ])('ends with %s', async (_, text, code) => {
    const ended = await vai(
      'live',
      'replay',
      fileOf(text.filter((line, index) => index !== 1 || line.includes('"input"'))),
      '--check',
    )
    expect(ended).toMatchObject({ code, errors: '', output: expect.stringMatching(/^\d+ steps, /) })
  })

  it('ends with 2 where the file is no recording, and says so', async () => {
    const file = fileOf('hello')
    expect(await vai('live', 'replay', file)).toEqual({
      code: 2,
      output: '',
      errors: `vai: ${file}: this is no recording of a live session\n`,
    })
    expect((await vai('live', '--help')).output).toContain('vai live replay <file>')
  })
})
