import { limits, TidingsError } from '../index.ts'

/** A line of a file, numbered from 1, or why it cannot be read. */
export type Line = { readonly number: number } & (
  | { readonly text: string }
  | { readonly fault: TidingsError }
)

/**
 * The lines of NDJSON that are not empty, in groups of at most `limits.cliPublishLines`: what arrived together. A line
 * larger than an event may be is passed over without being held in memory.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Line[]> {
  const splitter = new LineSplitter()
  for await (const chunk of chunks) yield* groupsOf(splitter.push(chunk))
  yield* groupsOf(splitter.end())
}

function* groupsOf(lines: readonly Line[]): Generator<readonly Line[]> {
  for (let at = 0; at < lines.length; at += limits.cliPublishLines) {
    yield lines.slice(at, at + limits.cliPublishLines)
  }
}

const lineFeed = 0x0a

class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #parts: Uint8Array[] = []
  #bytes = 0
  #number = 0

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      this.#add(chunk.subarray(from, at))
      lines.push(...this.end())
      from = at + 1
    }
    this.#add(chunk.subarray(from))
    return lines
  }

  /** What has been gathered, as a line, unless it is empty. */
  end(): Line[] {
    this.#number += 1
    const line = this.#read(this.#number)
    this.#parts = []
    this.#bytes = 0
    return 'fault' in line || line.text.trim() !== '' ? [line] : []
  }

  #add(part: Uint8Array): void {
    this.#bytes += part.length
    if (this.#isTooLarge) this.#parts = []
    else this.#parts.push(part)
  }

  /** A carriage return may stand at the end of the line. */
  get #isTooLarge(): boolean {
    return this.#bytes > limits.eventBytes + 1
  }

  #read(number: number): Line {
    if (this.#isTooLarge) return { number, fault: tooLarge(this.#bytes) }
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts)
    try {
      return { number, text: this.#decoder.decode(bytes).replace(/\r$/, '') }
    } catch (cause) {
      return {
        number,
        fault: new TidingsError('json_invalid', 'The line is not UTF-8. Write it in UTF-8.', { cause }),
      }
    }
  }
}

function tooLarge(bytes: number): TidingsError {
  return new TidingsError(
    'event_too_large',
    `The line has ${bytes} bytes; an event has at most ${limits.eventBytes}. Store large data elsewhere and put its address into the event.`,
  )
}
