import { resolve as resolvePath } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Clock, limits, type Random, TidingsError } from '../kernel/index.ts'
import { fileIdentity } from './database.ts'
import { type Connection, connectionError, resultCode, sqliteCode } from './errors.ts'

interface Job {
  readonly run: () => unknown
  /** A publish, which counts for the bounds of what waits. */
  readonly bounded: boolean
  records: number
  bytes: number
  readonly fulfil: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** How much a write adds to the commit that it shares. */
export interface WriteSize {
  readonly records: number
  readonly bytes: number
}

const small: WriteSize = { records: 1, bytes: 0 }

/**
 * All writes of one connection. Writes of one turn of the event loop share one transaction, so one sync of the disk,
 * each inside its own savepoint; a write fulfils when that transaction is durable. When another process holds the
 * lock, it is tried again after about a millisecond: SQLite's own busy handler would let one process starve others.
 */
export class Writer implements Connection {
  readonly database: DatabaseSync
  readonly file: string
  readonly #path: string
  readonly #identity: string | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync
  /** Runs before everything that waits. */
  #urgent: Job[] = []
  #waiting: Job[] = []
  /** Of the publishes that wait. */
  #pendingRecords = 0
  #pendingBytes = 0
  #scheduled = false
  #idle: (() => void)[] = []
  #afterCommit: (() => void)[] = []
  #running = false

  constructor(database: DatabaseSync, file: string, clock: Clock, random: Random) {
    this.database = database
    this.file = file
    this.#path = resolvePath(file)
    this.#identity = fileIdentity(this.#path)
    this.#clock = clock
    this.#random = random
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#savepoint = database.prepare('SAVEPOINT job')
    this.#release = database.prepare('RELEASE job')
  }

  /** True while a write runs: then its transaction is open, and `run` may not be called. */
  get running(): boolean {
    return this.#running
  }

  /** Rejects with what `run` throws, which then has written nothing. */
  write<Result>(run: () => Result, size: WriteSize = small): Promise<Result> {
    return this.#enqueue(this.#waiting, run, false, size)
  }

  /**
   * A small write that goes into the next transaction, ahead of what waits: a lease or a commit that came too late behind
   * publishes would cost a member its partitions. Nothing but these is ordered by it.
   */
  writeFirst<Result>(run: () => Result): Promise<Result> {
    return this.#enqueue(this.#urgent, run, false, small)
  }

  /**
   * A write that is refused when too much waits for the disk. All others are accepted even then.
   */
  publish<Result>(run: () => Result, size: WriteSize): Promise<Result> {
    if (!this.#mayWait(size)) return Promise.reject(this.#overloaded(size))
    this.#pendingRecords += size.records
    this.#pendingBytes += size.bytes
    return this.#enqueue(this.#waiting, run, true, size)
  }

  #enqueue<Result>(queue: Job[], run: () => Result, bounded: boolean, size: WriteSize): Promise<Result> {
    return new Promise((resolve, reject) => {
      queue.push({ run, bounded, ...size, fulfil: resolve as (result: unknown) => void, reject })
      this.#schedule()
    })
  }

  /** Whether a publish may still grow by so much: it waits, no write that keeps the order was asked for after it, and one commit has room. */
  extend(run: () => unknown, size: WriteSize): boolean {
    const last = this.#waiting.at(-1)
    if (last?.run !== run || !this.#mayWait(size)) return false
    const records = last.records + size.records
    const bytes = last.bytes + size.bytes
    if (records > limits.groupCommitRecords || bytes > limits.groupCommitBytes) return false
    last.records = records
    last.bytes = bytes
    this.#pendingRecords += size.records
    this.#pendingBytes += size.bytes
    return true
  }

  #mayWait({ records, bytes }: WriteSize): boolean {
    return (
      this.#pendingRecords + records <= limits.publishPendingRecords &&
      this.#pendingBytes + bytes <= limits.publishPendingBytes
    )
  }

  #overloaded({ records, bytes }: WriteSize): TidingsError {
    const { publishPendingRecords, publishPendingBytes } = limits
    if (records > publishPendingRecords || bytes > publishPendingBytes) {
      return new TidingsError(
        'limit_exceeded',
        `One publish of ${records} events with ${bytes} bytes is more than may wait for the disk at once: ${publishPendingRecords} events and ${publishPendingBytes} bytes. Publish them in several calls.`,
      )
    }
    return new TidingsError(
      'publish_overloaded',
      `${this.#pendingRecords} events with ${this.#pendingBytes} bytes wait for the disk of ${this.file} already. Await publishes before starting more.`,
    )
  }

  /** From inside a write: calls back once its transaction is durable. The callback does not throw. */
  afterCommit(callback: () => void): void {
    this.#afterCommit.push(callback)
  }

  /** Fulfils when nothing waits any more. */
  settled(): Promise<void> {
    if (!this.#waits) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.defer(() => this.#flush(this.#clock.monotonic()))
  }

  #flush(sinceMs: number): void {
    try {
      this.#begin.run()
    } catch (error) {
      this.#failBegin(error, sinceMs)
      return
    }
    this.#scheduled = false
    this.#runTogether(this.#take())
    this.#scheduleRest()
  }

  get #waits(): boolean {
    return this.#urgent.length > 0 || this.#waiting.length > 0
  }

  #scheduleRest(): void {
    if (this.#waits) this.#schedule()
    else for (const resolve of this.#idle.splice(0)) resolve()
  }

  #failBegin(error: unknown, sinceMs: number): void {
    const waitedMs = this.#clock.monotonic() - sinceMs
    if (resultCode(error) === sqliteCode.busy && waitedMs < limits.busyMs) {
      const delayMs = limits.busyRetryMs * (0.5 + this.#random.next())
      this.#clock.schedule(delayMs, () => this.#flush(sinceMs))
      return
    }
    this.#scheduled = false
    const failure = connectionError(error, this)
    for (const job of this.#take()) job.reject(failure)
    this.#scheduleRest()
  }

  /** The jobs that share the next commit: all urgent ones, and of the others as many as have room, in the order they came. */
  #take(): readonly Job[] {
    const urgent = this.#urgent
    if (urgent.length === 0) return this.#takeWaiting()
    this.#urgent = []
    return [...urgent, ...this.#takeWaiting()]
  }

  #takeWaiting(): readonly Job[] {
    let count = 0
    let records = 0
    let bytes = 0
    for (const job of this.#waiting) {
      const fits =
        records + job.records <= limits.groupCommitRecords && bytes + job.bytes <= limits.groupCommitBytes
      if (count > 0 && !fits) break
      count += 1
      records += job.records
      bytes += job.bytes
      if (!job.bounded) continue
      this.#pendingRecords -= job.records
      this.#pendingBytes -= job.bytes
    }
    const taken = count === this.#waiting.length ? this.#waiting : this.#waiting.slice(0, count)
    this.#waiting = count === this.#waiting.length ? [] : this.#waiting.slice(count)
    return taken
  }

  #runTogether(jobs: readonly Job[]): void {
    const results: unknown[] = []
    const failures = new Map<number, Error>()
    this.#running = true
    try {
      for (const [index, job] of jobs.entries()) {
        try {
          results.push(jobs.length === 1 ? job.run() : this.#runInSavepoint(job))
        } catch (error) {
          // Some errors, a full disk among them, end the whole transaction.
          if (!this.database.isTransaction || jobs.length === 1) throw error
          failures.set(index, connectionError(error, this))
          results.push(undefined)
        }
      }
      this.#commit.run()
      this.#checkFile()
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      this.#afterCommit = []
      const failure = connectionError(error, this)
      for (const [index, job] of jobs.entries()) job.reject(failures.get(index) ?? failure)
      return
    } finally {
      this.#running = false
    }
    for (const [index, job] of jobs.entries()) {
      const failure = failures.get(index)
      if (failure === undefined) job.fulfil(results[index])
      else job.reject(failure)
    }
    for (const callback of this.#afterCommit.splice(0)) callback()
  }

  /**
   * An acknowledged write must be found under the file's name, and SQLite goes on with a file that was deleted. One look
   * a transaction, a few µs.
   */
  #checkFile(): void {
    if (this.#identity === undefined || fileIdentity(this.#path) === this.#identity) return
    throw new TidingsError(
      'file_replaced',
      `${this.file} was deleted, moved or replaced while it was open, so what is written now is in no file of that name. Stop all its users, restore it where it is missing, and start them again.`,
    )
  }

  #runInSavepoint(job: Job): unknown {
    const callbacks = this.#afterCommit.length
    this.#savepoint.run()
    try {
      const result = job.run()
      this.#release.run()
      return result
    } catch (error) {
      this.#afterCommit.length = callbacks
      if (this.database.isTransaction) this.database.exec('ROLLBACK TO job; RELEASE job')
      throw error
    }
  }
}
