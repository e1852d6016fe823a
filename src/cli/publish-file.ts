import { createReadStream, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import type { Bus } from '../bus/index.ts'
import { limits, TidingsError } from '../index.ts'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import type { Io } from './io.ts'
import { readLines } from './ndjson.ts'
import { publishLines, type Refusal } from './publish-lines.ts'
import { counted, countText, oneLine } from './text.ts'

/** What `--json` prints at the end. */
interface Counts {
  published: number
  refused: number
  /** The first `limits.cliListed` of them. */
  readonly refusals: { readonly line: number; readonly code: string; readonly reason: string }[]
}

/** Publishes a file of CloudEvents, or stdin: the good lines all, each bad one reported. */
export async function publishFile(bus: Bus, file: string, json: boolean, context: Context): Promise<void> {
  const { io, output } = context
  const counts: Counts = { published: 0, refused: 0, refusals: [] }
  const name = file === '-' ? 'stdin' : file
  const stopped = await publishAll(bus, openFile(file, io), context, (outcome) => {
    counts.published += outcome.published
    for (const refusal of outcome.refused) refuse(counts, name, refusal, context)
    output.progress(countsText(counts))
  })
  if (json) await output.line(JSON.stringify(counts))
  output.words(`${countsText(counts)}.`)
  if (stopped === undefined) return
  if (stopped.line !== undefined)
    output.words(`${name}:${stopped.line}: stopped at this line, the first that is not published.`)
  throw stopped.error
}

interface Stop {
  readonly line?: number
  readonly error: unknown
}

/** Returns why it stopped before the end, if it did. */
async function publishAll(
  bus: Bus,
  chunks: Readable,
  { io }: Context,
  report: (outcome: Awaited<ReturnType<typeof publishLines>>) => void,
): Promise<Stop | undefined> {
  try {
    for await (const lines of readLines(addAbortSignal(io.signal, chunks))) {
      const outcome = await publishLines(bus, lines)
      report(outcome)
      if (outcome.stopped !== undefined) return outcome.stopped
    }
  } catch (error) {
    return { error }
  }
  return undefined
}

function refuse(counts: Counts, name: string, { line, error }: Refusal, context: Context): void {
  const { code, sentence } = error
  counts.refused += 1
  if (counts.refusals.length < limits.cliListed) counts.refusals.push({ line, code, reason: sentence })
  context.output.words(`${name}:${line}: ${oneLine(error.message)}`)
  context.exitCode = exitCodes.failed
}

function countsText({ published, refused }: Counts): string {
  return `${counted(published, 'event')} published, ${countText(refused)} refused`
}

function openFile(file: string, { stdin, cwd }: Io): Readable {
  if (file === '-') return stdin
  const path = resolve(cwd, file)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined)
    throw new TidingsError('file_missing', `There is no file ${path}. Check what --file names.`)
  if (found.isDirectory())
    throw new TidingsError('option_invalid', `${path} is a folder. Name a file of events, one a line.`)
  return createReadStream(path, { highWaterMark: limits.cliFileBytes })
}
