import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes generated files. With `--check` among the process's arguments nothing is written: every file that is not what it would
 * become is named, and the process ends with 1 if there is one.
 *
 * `files` has their text by their path from the project's root; `source` is what they are made from, for the message.
 */
export function writeOrCheck(files: Readonly<Record<string, string>>, source: string): void {
  const isCheck = process.argv.includes('--check')
  for (const [name, text] of Object.entries(files)) {
    const url = new URL(`../${name}`, import.meta.url)
    if (!isCheck) {
      mkdirSync(new URL('.', url), { recursive: true })
      writeFileSync(url, text)
    } else if (readText(url) !== text) {
      console.error(`${name} is not what ${source} says. Run: npm run generate`)
      process.exitCode = 1
    }
  }
}

function readText(url: URL): string | undefined {
  try {
    return readFileSync(url, 'utf8')
  } catch {
    return undefined
  }
}
