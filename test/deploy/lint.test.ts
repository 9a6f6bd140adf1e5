import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { missing, titled } from '../programs.ts'
import { manifests, textOf } from './files.ts'

/** The files for operators before the tools that know their kind. A tool that is not on this machine is not asked. */

const root = new URL('../../', import.meta.url)

describe('the files for operators', () => {
  withTool('hadolint', 'pass the linter of Dockerfiles', (run) => {
    expect(run(['Dockerfile'])).toEqual(fine)
  })

  withTool('check-jsonschema', 'are what Compose takes', (run) => {
    expect(run(['--builtin-schema', 'vendor.compose-spec', 'compose.yaml'])).toEqual(fine)
  })

  withTool('kubernetes-validate', 'are what Kubernetes takes', (run) => {
    for (const path of manifests) expect(run(['--strict', '--quiet', path]), path).toEqual(fine)
  })

  withTool('systemd-analyze', 'are what systemd takes', (run) => {
    const folder = mkdtempSync(join(tmpdir(), 'vai-unit-'))
    try {
      const file = join(folder, 'vai-gateway.service')
      // It looks whether the program is there.
      const text = textOf('deploy/systemd/vai-gateway.service').replace('/usr/bin/node', process.execPath)
      writeFileSync(file, text)
      expect(run(['verify', '--man=no', file])).toEqual(fine)
      // Tenths; 2 is what systemd itself calls well protected.
      expect(run(['security', '--offline=true', '--threshold=20', '--no-pager', file]).status).toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

const fine = { status: 0, complaints: '' }

interface Outcome {
  readonly status: number | null
  readonly complaints: string
}

function withTool(tool: string, name: string, test: (run: (args: readonly string[]) => Outcome) => void): void {
  const reason = missing(tool)
  const run = (args: readonly string[]): Outcome => {
    const { status, stdout, stderr } = spawnSync(tool, args, { cwd: root, encoding: 'utf8' })
    return { status, complaints: status === 0 ? stderr : `${stdout}${stderr}` }
  }
  it.skipIf(reason)(titled(name, reason), { timeout: 60_000 }, () => test(run))
}
