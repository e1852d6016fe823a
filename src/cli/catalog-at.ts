import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import type { Catalog } from '../catalog/index.ts'
import { limits, TidingsError } from '../index.ts'
import { configurationFile, readConfiguration } from './configuration.ts'
import type { Io } from './io.ts'

/**
 * The catalog that the configuration had at a git ref; undefined when it had none. The files of the ref are written to a
 * folder inside the repository, with links to what git ignores, such as installed packages, and are deleted afterwards.
 * Nothing else in the repository changes.
 */
export async function catalogAt(
  ref: string,
  config: string | undefined,
  { cwd }: Io,
): Promise<Catalog | undefined> {
  const file = configurationFile(config, cwd)
  const root = await git(['rev-parse', '--show-toplevel'], dirname(file))
  const commit = await git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`], root)
  const inRoot = relative(root, file)
  await mkdir(join(root, '.tidings'), { recursive: true })
  const folder = await mkdtemp(join(root, '.tidings', 'ref-'))
  try {
    await extract(commit, root, folder)
    const then = join(folder, inRoot)
    if (!existsSync(then)) return undefined
    await linkIgnored(root, folder)
    return (await readConfiguration(then, cwd))?.catalog
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What git ignores is not in the ref, and is needed to load it: installed packages, built and generated code. */
async function linkIgnored(root: string, folder: string): Promise<void> {
  const listing = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z']
  const ignored = (await git(listing, root))
    .split('\0')
    .filter((path) => path !== '' && !path.startsWith('.tidings'))
  for (const path of ignored.slice(0, limits.cliLinkedPaths)) {
    const then = join(folder, path)
    if (existsSync(dirname(then)) && !existsSync(then))
      await symlink(join(root, path), then.replace(/\/$/, ''))
  }
}

async function git(arguments_: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', [...arguments_], { cwd })
    return stdout.trim()
  } catch (cause) {
    const said =
      typeof cause === 'object' && cause !== null && 'stderr' in cause ? String(cause.stderr).trim() : ''
    throw new TidingsError(
      'option_invalid',
      `git ${arguments_.join(' ')} failed in ${cwd}${said === '' ? '' : `: ${said}`}. --against takes a branch, tag or commit of the repository that the configuration is in.`,
      { cause },
    )
  }
}

/** Through a file: tar stops reading at the end of an archive, before the padding that git still writes into a pipe. */
async function extract(commit: string, root: string, folder: string): Promise<void> {
  const archive = join(folder, 'ref.tar')
  await git(['archive', '--format=tar', `--output=${archive}`, commit], root)
  await promisify(execFile)('tar', ['-x', '-f', archive, '-C', folder])
}
