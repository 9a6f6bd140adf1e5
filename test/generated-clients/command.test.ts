import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { atLeast, Deadline, Failed, fetched, outputOf, Unavailable } from './command.ts'

const folder = tmpdir()

function node(program: string, seconds?: number): Promise<string> {
  return outputOf(process.execPath, ['-e', program], { folder, env: { GREETING: 'hello' }, ...(seconds && { seconds }) })
}

it('gives what a command writes to its standard output', async () => {
  expect(await node('console.error("aside"); console.log(process.env.GREETING, process.cwd())')).toBe(`hello ${folder}\n`)
})

it('says what a command that failed has said, both ways', async () => {
  const failure = node('console.log("compiling"); console.error("no semicolon"); process.exit(3)')
  await expect(failure).rejects.toThrow(Failed)
  await expect(failure).rejects.toThrow(/ended with 3\n(compiling\nno semicolon|no semicolon\ncompiling)/)
})

it('has a sentence for a program that is not there', async () => {
  const failure = outputOf('no-such-program', [], { folder })
  await expect(failure).rejects.toEqual(new Unavailable('There is no no-such-program on this machine.'))
})

it('kills a command that takes too long, with what it started', async () => {
  const failure = await node(
    'const child = require("node:child_process").spawn("sleep", ["600"], { stdio: "inherit" }); console.log(child.pid); setInterval(() => {}, 1000)',
    1,
  ).catch((error: unknown) => error)
  if (!(failure instanceof Failed)) throw failure
  expect(failure.isTimedOut).toBe(true)
  const status = await readFile(`/proc/${failure.output.trim()}/status`, 'utf8').catch(() => 'State: gone')
  expect(status).toMatch(/State:\s+(gone|Z)/)
})

it('ends a command that says too much', async () => {
  await expect(node('const line = "x".repeat(1000); setInterval(() => console.log(line.repeat(100)), 0)')).rejects.toThrow(
    'said too much',
  )
})

it.each([
  'Could not transfer artifact org.openapitools:openapi-generator-cli:jar:1: Unknown host',
  "No plugin found for prefix 'dependency' in the current project and in the plugin groups",
  'NewConnectionError: Failed to establish a new connection',
  'dial tcp: lookup proxy: no such host',
])('takes a registry that cannot be reached for a reason to skip: %s', async (words) => {
  const step = () => node(`console.error(${JSON.stringify(words)}); process.exit(1)`)
  await expect(fetched('The jar', new Deadline(60), step)).rejects.toEqual(
    new Unavailable('The jar could not be fetched: the registry cannot be reached.'),
  )
})

it('takes nothing else for it', async () => {
  const step = () => node('console.error("Fatal: the project is malformed"); process.exit(1)')
  await expect(fetched('The jar', new Deadline(60), step)).rejects.toThrow(Failed)
  expect(await fetched('The jar', new Deadline(60), () => node('console.log("here")'))).toBe('here\n')
})

it('takes what does not come before the deadline for a reason to skip, and asks for nothing after it', async () => {
  const late = (seconds: number) => `The jar could not be fetched: all that has to be did not come within ${seconds} s.`
  const endless = (seconds: number) => node('setInterval(() => {}, 1000)', seconds)
  await expect(fetched('The jar', new Deadline(0.2), endless)).rejects.toEqual(new Unavailable(late(0.2)))
  let asked = 0
  const step = async () => asked++
  await expect(fetched('The jar', new Deadline(0), step)).rejects.toEqual(new Unavailable(late(0)))
  expect(asked).toBe(0)
})

it.each([
  ['1.23', 'go version go1.26.8 linux/amd64', true],
  ['1.23', 'go version go1.23 linux/amd64', true],
  ['1.23', 'go version go1.19.8 linux/amd64', false],
  ['17', 'openjdk 17.0.15 2025-04-15', true],
  ['17', 'openjdk 11.0.2 2019-01-15', false],
  ['3.10', 'Python 3.9.18', false],
])('needs %s and finds "%s": %s', (needed, version, isEnough) => {
  const look = () => atLeast(needed, 'It', version)
  if (isEnough) expect(look).not.toThrow()
  else expect(look).toThrow(Unavailable)
})
