import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Together more than 200 MB, so they are installed on their own, once. */
const packages = {
  '@confluentinc/schemaregistry': '1.10.1',
  '@kafkajs/confluent-schema-registry': '4.1.0',
  ajv: '8.20.0',
  'ajv-formats': '3.0.1',
  axios: '1.21.1',
  jest: '29.7.0',
}

const folder = join(import.meta.dirname, '../../node_modules/.cache/registry-clients')
const done = join(folder, 'installed.json')

/** Installs the clients unless they are there. Returns where. */
export function installClients(): string {
  const wanted = JSON.stringify({ private: true, dependencies: packages }, undefined, 2)
  const isThere = existsSync(done)
  if (!isThere) {
    console.log(`Installing ${Object.keys(packages).join(', ')} …`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), wanted)
    const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    execFileSync('npm', options, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    writeFileSync(done, wanted)
  }
  return folder
}

/** A client as CommonJS has it. It is used here as people use it: without our types. */
export function load(name: string): unknown {
  return createRequire(join(folder, 'package.json'))(name)
}
