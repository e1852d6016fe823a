/** `npm run torture -- kill --cycles 100`: one line of JSON says what broke; words go to stderr. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { killOne } from './kill.ts'
import { pauseOne } from './pause.ts'
import { torture } from './run.ts'

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
const faults = { kill: killOne, pause: pauseOne }
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cycles: { type: 'string', default: '10' }, seed: { type: 'string' } },
})
const [name = ''] = positionals
const cycles = Number(values.cycles)
const seed = Number(values.seed ?? randomInt(2 ** 31))

if (
  !Object.hasOwn(faults, name) ||
  !Number.isSafeInteger(cycles) ||
  cycles < 1 ||
  !Number.isSafeInteger(seed)
) {
  say(`Usage: npm run torture -- ${Object.keys(faults).join(' | ')} [--cycles 10] [--seed 1]`)
  process.exitCode = 2
} else {
  const outcome = await torture({ cycles, seed, fault: faults[name as keyof typeof faults], say })
  process.stdout.write(`${JSON.stringify({ torture: name, ...outcome })}\n`)
  const { lost, doubled, reordered, overlapping, passed, stale } = outcome
  const applied = outcome.kills + outcome.pauses
  if (applied < cycles || outcome.published === 0 || outcome.effects === 0) {
    say(`${applied} faults in ${cycles} cycles, ${outcome.effects} effects: this run proves nothing.`)
    process.exitCode = 1
  }
  if (lost + doubled + reordered + overlapping + passed + stale > 0) process.exitCode = 1
}
