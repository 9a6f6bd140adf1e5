import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atLeast, fetched, outputOf, shortLived } from './command.ts'
import { maven } from './maven.ts'

/**
 * Compiles the client that lies in `client` of a folder, and the program of the same name as the folder beside it. Resolves with what runs the program,
 * which writes what it was told as JSON.
 */
export type Build = (folder: string) => Promise<(url: string) => Promise<string>>

export async function buildTypeScript(folder: string): Promise<(url: string) => Promise<string>> {
  await copyProgram(folder)
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const strict = ['--strict', '--noUncheckedIndexedAccess', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable']
  const modules = ['--module', 'nodenext', '--typeRoots', ours('node_modules/@types'), '--types', 'node', '--skipLibCheck']
  const files = ['--rootDir', '.', '--outDir', 'compiled', 'program.mts', 'client/index.ts']
  await node([ours('node_modules/typescript/bin/tsc'), ...strict, ...modules, ...files], folder)
  return (url) => node(['compiled/program.mjs', url], folder)
}

export async function buildPython(folder: string): Promise<(url: string) => Promise<string>> {
  await copyProgram(folder)
  atLeast('3.10', 'Python', await outputOf('python3', ['--version'], { folder }))
  await outputOf('python3', ['-m', 'venv', 'venv'], { folder })
  const python = join(folder, 'venv/bin/python')
  const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--retries', '1', '-r', 'client/requirements.txt']
  await fetched('What the Python client needs', () => outputOf(python, install, { folder }))
  await outputOf(python, ['-m', 'compileall', '-q', 'client/vai_gateway', 'program.py'], { folder })
  return (url) => outputOf(python, ['program.py', url], { folder, env: { PYTHONPATH: join(folder, 'client') } })
}

export async function buildGo(folder: string): Promise<(url: string) => Promise<string>> {
  const surroundings = { folder, env: { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' }, seconds: 240 }
  const go = (...args: readonly string[]) => outputOf('go', args, surroundings)
  await copyProgram(folder)
  atLeast('1.23', 'Go', await go('version'))
  await go('mod', 'init', 'program')
  await go('mod', 'edit', '-replace', 'example.com/vai/gateway=./client')
  await fetched('What the Go client needs', () => go('mod', 'tidy'))
  await go('vet', '.', 'example.com/vai/gateway')
  await go('build', '-o', 'program', '.')
  return (url) => outputOf('./program', [url], { folder })
}

export async function buildJava(folder: string): Promise<(url: string) => Promise<string>> {
  await copyProgram(folder)
  atLeast('17', 'Java', await outputOf('javac', ['--version'], { folder }))
  const libraries = await librariesOf(folder)
  const sources = (await readdir(join(folder, 'client/src/main/java'), { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile() && file.name.endsWith('.java'))
    .map((file) => join(file.parentPath, file.name))
  await writeFile(join(folder, 'sources'), [...sources, join(folder, 'Program.java')].map((path) => `"${path}"`).join('\n'))
  const quick = shortLived.map((option) => `-J${option}`)
  await outputOf('javac', [...quick, '-nowarn', '-d', 'compiled', '-cp', libraries, '@sources'], { folder })
  return (url) => outputOf('java', [...shortLived, '-cp', `${libraries}${delimiter}compiled`, 'Program', url], { folder })
}

/** The class path of what the client's own project file names. */
async function librariesOf(folder: string): Promise<string> {
  const file = join(folder, 'libraries')
  const list = ['-f', 'client/pom.xml', 'dependency:build-classpath', '-Dmdep.includeScope=runtime', `-Dmdep.outputFile=${file}`]
  await maven('What the Java client needs', list, folder)
  return readFile(file, 'utf8')
}

/** The program of a client lies here in a folder of the same name. */
async function copyProgram(folder: string): Promise<void> {
  await cp(fileURLToPath(new URL(basename(folder), import.meta.url)), folder, { recursive: true })
}

function node(args: readonly string[], folder: string): Promise<string> {
  return outputOf(process.execPath, args, { folder })
}

function ours(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}
