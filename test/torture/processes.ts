import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Happening } from './history.ts'
import { type Broken, preloadOf } from './mutant.ts'

/** One life of a producer or member. */
export interface Life {
  readonly role: string
  readonly name: string
  readonly child: ChildProcess
  readonly exited: Promise<unknown>
}

/** The producer and the members; one that is killed, by a fault or by what it handles, lives again at once. */
export class Processes {
  readonly #folder: string
  readonly #tell: (happening: Happening) => void
  readonly #options: readonly string[]
  readonly #living = new Map<string, Life>()
  #lives = 0
  #unexpected: Error | undefined

  /** @param mutant what is broken in each of them. */
  constructor(folder: string, tell: (happening: Happening) => void, mutant: Broken | undefined) {
    this.#folder = folder
    this.#tell = tell
    this.#options = mutant === undefined ? [] : ['--import', preloadOf(mutant)]
  }

  get living(): readonly Life[] {
    if (this.#unexpected !== undefined) throw this.#unexpected
    return [...this.#living.values()]
  }

  start(role: string): void {
    const name = `${role}.${++this.#lives}`
    const program = join(import.meta.dirname, role.startsWith('producer') ? 'producer.ts' : 'member.ts')
    const stderr = openSync(join(this.#folder, `${name}.stderr`), 'a')
    const child = spawn(
      process.execPath,
      [...this.#options, program, this.#folder, name, String(this.#lives)],
      { stdio: ['ignore', 'ignore', stderr, 'ipc'] },
    )
    closeSync(stderr)
    const life = { role, name, child, exited: once(child, 'exit') }
    child.once('exit', (code, signal) => {
      if (this.#living.get(role) !== life) return
      if (signal === 'SIGKILL') {
        this.start(role) // An event has killed it.
        return
      }
      const sentence = `${name} ended by itself with ${signal ?? code}: see ${name}.stderr in ${this.#folder}.`
      this.#unexpected ??= new Error(sentence)
    })
    this.#living.set(role, life)
  }

  /** SIGKILL; its next life begins as soon as it is dead. */
  async kill(life: Life): Promise<void> {
    this.#living.delete(life.role)
    this.#tell({ kind: 'killed', target: life.name })
    life.child.kill('SIGKILL')
    await life.exited
    this.start(life.role)
  }

  /** Asks those of a role to finish, and waits until they have. */
  async end(role: string): Promise<void> {
    const ending = this.living.filter((life) => life.role.startsWith(role))
    for (const { role: ended, child } of ending) {
      this.#living.delete(ended)
      child.kill('SIGTERM')
    }
    await Promise.all(ending.map(({ exited }) => exited))
  }

  /** Whatever still lives, also where it is paused. */
  killAll(): void {
    for (const { child } of this.#living.values()) child.kill('SIGKILL')
    this.#living.clear()
  }
}
