import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atLeast, type Deadline, Failed, fetched, outputOf, shortLived } from './command.ts'
import { maven } from './maven.ts'

/**
 * Compiles the client that lies in `client` of a folder, and the program of the same name as the folder beside it. Resolves with what runs the program,
 * which writes what it was told as JSON. What has to be fetched has to be there before the deadline.
 */
export type Build = (folder: string, deadline: Deadline) => Promise<(url: string) => Promise<string>>

/** How long a program may take that asks a gateway on the same machine a few things. */
const runSeconds = 30

export async function buildTypeScript(folder: string): Promise<(url: string) => Promise<string>> {
  await copyProgram(folder)
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const strict = ['--strict', '--noUncheckedIndexedAccess', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable']
  const modules = ['--module', 'nodenext', '--typeRoots', ours('node_modules/@types'), '--types', 'node', '--skipLibCheck']
  const files = ['--rootDir', '.', '--outDir', 'compiled', 'program.mts', 'client/index.ts']
  await node([ours('node_modules/typescript/bin/tsc'), ...strict, ...modules, ...files], folder)
  return (url) => node(['compiled/program.mjs', url], folder, runSeconds)
}

export async function buildPython(folder: string, deadline: Deadline): Promise<(url: string) => Promise<string>> {
  await copyProgram(folder)
  atLeast('3.10', 'Python', await outputOf('python3', ['--version'], { folder }))
  const python = await pythonWithPip(folder)
  const quick = ['-q', '--disable-pip-version-check', '--retries', '1', '--no-compile']
  const install = ['-m', 'pip', 'install', ...quick, '--target', 'libraries', '-r', 'client/requirements.txt']
  await fetched('What the Python client needs', deadline, (seconds) => outputOf(python, install, { folder, seconds }))
  await outputOf(python, ['-m', 'compileall', '-q', 'client/vai_gateway', 'program.py'], { folder })
  const path = ['client', 'libraries'].map((each) => join(folder, each)).join(delimiter)
  // What one run has compiled of the libraries, the next ones need not, whatever is usual on this machine.
  const env = { PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '' }
  return (url) => outputOf(python, ['program.py', url], { folder, env, seconds: runSeconds })
}

/** Making an environment takes longer than all else that is done with Python: there is one only where Python has no pip without it. */
async function pythonWithPip(folder: string): Promise<string> {
  try {
    await outputOf('python3', ['-m', 'pip', '--version'], { folder })
    return 'python3'
  } catch (error) {
    if (!(error instanceof Failed)) throw error
    await outputOf('python3', ['-m', 'venv', 'venv'], { folder })
    return join(folder, 'venv/bin/python')
  }
}

/** What was compiled once is found again wherever it lies, and nothing is made fast that runs for a moment; nor is a C compiler needed. */
const goEnv = { GOFLAGS: '-mod=mod -trimpath', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' }

export async function buildGo(folder: string, deadline: Deadline): Promise<(url: string) => Promise<string>> {
  const go = (args: readonly string[], seconds?: number) =>
    outputOf('go', args, { folder, env: goEnv, ...(seconds !== undefined && { seconds }) })
  await copyProgram(folder)
  atLeast('1.23', 'Go', await go(['version']))
  await go(['mod', 'init', 'program'])
  await go(['mod', 'edit', '-replace', 'example.com/vai/gateway=./client'])
  await fetched('What the Go client needs', deadline, (seconds) => go(['mod', 'tidy'], seconds))
  await go(['build', '-gcflags=all=-N -l', '-o', 'program', '.'])
  return (url) => outputOf('./program', [url], { folder, seconds: runSeconds })
}

export async function buildJava(folder: string, deadline: Deadline): Promise<(url: string) => Promise<string>> {
  await copyProgram(folder)
  atLeast('17', 'Java', await outputOf('javac', ['--version'], { folder }))
  const libraries = await librariesOf(folder, deadline)
  const sources = (await readdir(join(folder, 'client/src/main/java'), { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile() && file.name.endsWith('.java'))
    .map((file) => join(file.parentPath, file.name))
  await writeFile(join(folder, 'sources'), [...sources, join(folder, 'Program.java')].map((path) => `"${path}"`).join('\n'))
  const quick = shortLived.map((option) => `-J${option}`)
  await outputOf('javac', [...quick, '-nowarn', '-proc:none', '-d', 'compiled', '-cp', libraries, '@sources'], { folder })
  const run = [...shortLived, '-cp', `${libraries}${delimiter}compiled`, 'Program']
  return (url) => outputOf('java', [...run, url], { folder, seconds: runSeconds })
}

/** The class path of what the client's own project file names. */
async function librariesOf(folder: string, deadline: Deadline): Promise<string> {
  const file = join(folder, 'libraries')
  const list = ['-f', 'client/pom.xml', 'dependency:build-classpath', '-Dmdep.includeScope=runtime', `-Dmdep.outputFile=${file}`]
  await maven('What the Java client needs', list, folder, deadline)
  return readFile(file, 'utf8')
}

/** The program of a client lies here in a folder of the same name. */
async function copyProgram(folder: string): Promise<void> {
  await cp(fileURLToPath(new URL(basename(folder), import.meta.url)), folder, { recursive: true })
}

function node(args: readonly string[], folder: string, seconds?: number): Promise<string> {
  return outputOf(process.execPath, args, { folder, ...(seconds !== undefined && { seconds }) })
}

function ours(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}
