import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { TidingsError } from '../index.ts'

/** Writes what --out asks for, in a folder that need not be there yet. @throws `file_read_only` */
export function writeOut(text: string, file: string, cwd: string): void {
  const path = resolve(cwd, file)
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${text}\n`)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new TidingsError(
      'file_read_only',
      `${path} cannot be written: ${why}. Name another file with --out.`,
      {
        cause,
      },
    )
  }
}
