/**
 * Asks the registry for known weaknesses of the packages that a running gateway consists of, and says plainly what came of it.
 *
 *   npm run audit               exits with 0 where there are none, with 1 where there are some, with 2 where nobody could say
 */
import { spawnSync } from 'node:child_process'

interface Report {
  readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> }
  readonly message?: string
  readonly error?: { readonly summary?: string }
}

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 120_000 })
const report = parsed(stdout ?? '')
const counts = report.metadata?.vulnerabilities

if (!counts) {
  const reason = error?.message || report.error?.summary || report.message || 'no answer that can be read'
  console.error(`The audit did not take place: ${reason}.`)
  console.error(
    'The registry of this machine does not answer audits. Nothing is known of the packages now; run it where it does.',
  )
  process.exitCode = 2
} else if ((counts.total ?? 0) === 0) {
  console.log('The registry knows of no weakness of the packages that a running gateway consists of.')
} else {
  const known = Object.entries(counts).filter(([severity, count]) => severity !== 'total' && count > 0)
  console.error(
    `The registry knows of ${known.map(([severity, count]) => `${count} ${severity}`).join(', ')}. See: npm audit --omit=dev`,
  )
  process.exitCode = 1
}

function parsed(text: string): Report {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
