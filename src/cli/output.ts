import { styleText } from 'node:util'
import type { Io, OutputStream } from './io.ts'

/** Whoever read our output has gone: there is nothing more to do, and nothing wrong. */
export class ClosedPipe extends Error {}

const bufferedLength = 65_536

/** What a command says: lines of data to stdout, words to stderr. */
export class Output {
  /** The width of the terminal that data goes to, if it is one. */
  readonly columns: number | undefined
  /** True when somebody watches the words. */
  readonly watched: boolean
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #coloured: boolean
  #lines = ''
  #progress = false

  constructor({ stdout, stderr, env }: Io) {
    this.#stdout = stdout
    this.#stderr = stderr
    this.columns = stdout.isTTY ? (stdout.columns ?? 80) : undefined
    this.watched = stderr.isTTY === true
    this.#coloured = stdout.isTTY === true && !env['NO_COLOR']
    // Failures arrive where it was written; without a listener they would end the process, too.
    for (const stream of [stdout, stderr]) stream.on('error', () => undefined)
  }

  /** One line of data; written when there are enough of them, or at `flush`. */
  async line(text: string): Promise<void> {
    this.#lines += `${text}\n`
    if (this.#lines.length >= bufferedLength) await this.flush()
  }

  async lines(texts: Iterable<string>): Promise<void> {
    for (const text of texts) await this.line(text)
  }

  /** A block of lines, at once: on a terminal it replaces what is on the screen, elsewhere it follows the block before. */
  async screen(texts: readonly string[]): Promise<void> {
    if (this.columns !== undefined) this.#lines += '\x1b[2J\x1b[H'
    await this.lines(texts)
    await this.flush()
  }

  /** @throws ClosedPipe */
  async flush(): Promise<void> {
    const text = this.#lines
    this.#lines = ''
    if (text !== '') await write(this.#stdout, text)
  }

  /** One line for people. */
  words(text: string): void {
    this.#stderr.write(`${this.#progress ? '\r\x1b[K' : ''}${text}\n`)
    this.#progress = false
  }

  /** Replaces the last progress; only where somebody watches. */
  progress(text: string): void {
    if (!this.watched) return
    this.#stderr.write(`\r\x1b[K${text}`)
    this.#progress = true
  }

  dim(text: string): string {
    return this.#coloured ? styleText('dim', text, { validateStream: false }) : text
  }
}

function write(stream: OutputStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error) resolve()
      else reject(isClosed(error) ? new ClosedPipe() : error)
    })
  })
}

function isClosed(error: Error): boolean {
  return 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
}
