import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { exits, Problem } from '../ending.ts'

/** A program that records or plays raw sound: 16-bit mono PCM of a rate, through its standard streams. */
export interface Program {
  /** As people know it. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>
  /** Whether it takes WAV, whose header says what the sound is. */
  readonly wantsHeader: boolean
}

/** The machine, as far as it matters which programs there are. */
export interface Machine {
  readonly platform: NodeJS.Platform
  /** The variable PATH. */
  readonly path: string
}

/** What records, where there is something; throws a `Problem` where it needs to be told the device. */
export function recorderOn(machine: Machine, rate: number, device: string | undefined): Program | undefined {
  const sox = commandOn(machine, 'sox')
  if (sox) return soxProgram(sox, ['-d', ...rawOf(rate), '-'], device)
  const ffmpeg = commandOn(machine, 'ffmpeg')
  if (!ffmpeg) return undefined
  const input = [
    ...inputOf(machine.platform, device),
    '-ac',
    '1',
    '-ar',
    String(rate),
    '-f',
    's16le',
    '-flush_packets',
    '1',
    'pipe:1',
  ]
  return {
    name: 'ffmpeg',
    command: ffmpeg,
    args: ['-hide_banner', '-loglevel', 'error', '-nostdin', '-fflags', 'nobuffer', ...input],
    env: {},
    wantsHeader: false,
  }
}

/** What plays, where there is something; throws a `Problem` where it cannot be told the device. */
export function playerOn(machine: Machine, rate: number, device: string | undefined): Program | undefined {
  const sox = commandOn(machine, 'sox')
  if (sox) return soxProgram(sox, [...rawOf(rate), '-', '-d'], device)
  const ffplay = commandOn(machine, 'ffplay')
  if (!ffplay) return undefined
  if (device !== undefined)
    throw new Problem('--speaker: ffplay plays on the usual device; for others install sox.', exits.misused)
  const quick = ['-fflags', 'nobuffer', '-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0']
  return {
    name: 'ffplay',
    command: ffplay,
    args: ['-hide_banner', '-loglevel', 'error', '-nodisp', '-autoexit', ...quick, '-f', 'wav', '-i', 'pipe:0'],
    env: quickEnv,
    wantsHeader: true,
  }
}

/** How to come by a program. */
export function installHint({ platform }: Machine): string {
  if (platform === 'darwin') return 'brew install sox'
  return platform === 'win32' ? 'winget install --id ChrisBagwell.SoX' : 'apt install sox, or what your system has in its place'
}

/** It plays and records with small blocks, so that it is heard soon; its usual ones are a third of a second. */
function soxProgram(command: string, args: readonly string[], device: string | undefined): Program {
  return {
    name: 'sox',
    command,
    args: ['-q', '--buffer', '1024', ...args],
    env: { ...quickEnv, ...(device !== undefined && { AUDIODEV: device }) },
    wantsHeader: false,
  }
}

function rawOf(rate: number): string[] {
  return ['-t', 'raw', '-r', String(rate), '-c', '1', '-b', '16', '-e', 'signed-integer', '-L']
}

/** Servers of sound else keep up to two seconds ahead of what is heard. */
const quickEnv = { PULSE_LATENCY_MSEC: '60', PIPEWIRE_LATENCY: '1024/48000' }

function inputOf(platform: NodeJS.Platform, device: string | undefined): string[] {
  if (platform === 'darwin') return ['-f', 'avfoundation', '-i', device ?? ':default']
  if (platform !== 'win32') return ['-f', 'alsa', '-i', device ?? 'default']
  if (device === undefined) {
    const list = 'ffmpeg -list_devices true -f dshow -i dummy'
    throw new Problem(`--microphone: ffmpeg has to be told the device here; "${list}" lists them.`, exits.misused)
  }
  return ['-f', 'dshow', '-i', device.startsWith('audio=') ? device : `audio=${device}`]
}

function commandOn({ platform, path }: Machine, name: string): string | undefined {
  const file = platform === 'win32' ? `${name}.exe` : name
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, file))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
