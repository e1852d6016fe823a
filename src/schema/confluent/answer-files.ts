import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../../kernel/index.ts'
import { isObject } from '../json-schema.ts'

const suffix = '.answer.json'

/**
 * Keeps answers as files of a folder, which several processes may share. A file is written whole or not at all; one that
 * is not what was written counts as absent. Trouble with the disk costs the cache, never the answer: it is a warning.
 */
export class AnswerFiles {
  readonly #folder: string
  #warned = false
  #writes = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  async read(name: string): Promise<unknown> {
    try {
      return answerIn(await readFile(this.#fileOf(name), 'utf8'), name)
    } catch {
      return undefined
    }
  }

  async write(name: string, answer: unknown): Promise<void> {
    const file = this.#fileOf(name)
    this.#writes += 1
    const unfinished = `${file}.${process.pid}.${this.#writes}`
    try {
      await mkdir(this.#folder, { recursive: true })
      const text = JSON.stringify(answer)
      await writeFile(unfinished, JSON.stringify({ name, checksum: checksumOf(text), answer }), {
        flush: true,
      })
      await rename(unfinished, file)
      if (this.#writes % prunedEvery === 1) await this.#prune()
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => undefined)
      this.#warn(error)
    }
  }

  /** Deletes the oldest files over the limit, and what writers that died have left. */
  async #prune(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.includes(suffix))
    if (names.length + prunedEvery <= limits.registryCacheFiles) return
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name)
        return { path, writtenAt: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0 }
      }),
    )
    const over = files
      .toSorted((a, b) => b.writtenAt - a.writtenAt)
      .slice(limits.registryCacheFiles - prunedEvery)
    await Promise.all(over.map(({ path }) => rm(path, { force: true })))
  }

  #fileOf(name: string): string {
    return join(this.#folder, `${checksumOf(name)}${suffix}`)
  }

  #warn(error: unknown): void {
    if (this.#warned) return
    this.#warned = true
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`Answers of the schema registry cannot be kept in ${this.#folder}: ${reason}`)
  }
}

/** Looking at the folder costs more than writing a file, so the limit is kept with this much room. */
const prunedEvery = 64

function answerIn(text: string, name: string): unknown {
  const file: unknown = JSON.parse(text)
  if (!isObject(file) || file['name'] !== name) return undefined
  return file['checksum'] === checksumOf(JSON.stringify(file['answer'])) ? file['answer'] : undefined
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
