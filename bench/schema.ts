import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchRegistry } from './schema/registry.ts'

/** How fast is what belongs to schemas? */
export async function benchSchema(): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  try {
    const registry = await benchRegistry({ folder, versions: 10_000, registrations: 2_000, lookUps: 50_000 })
    return { bench: 'schema', node: process.versions.node, cpus: cpus().length, registry }
  } finally {
    await rm(folder, { recursive: true })
  }
}
