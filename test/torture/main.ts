/** `npm run torture -- kill --cycles 100`, `-- points`: one line of JSON says what broke; words go to stderr. */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { table } from '../../src/cli/table.ts'
import { type Catch, faults, hunt } from './hunt.ts'
import { mutants } from './mutants.ts'
import { urlVariable } from '../engines/server.ts'
import type { Elsewhere } from './log.ts'
import { isKeeping } from './points/list.ts'
import { pointsCommand } from './points/main.ts'
import { type Fault, isBroken, torture } from './run.ts'

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { cycles: { type: 'string' }, seed: { type: 'string' }, engine: { type: 'string' } },
})
const [name = '', ...chosen] = positionals
const cycles = Number(values.cycles ?? (name === 'mutants' ? 60 : 10))
const seed = Number(values.seed ?? randomInt(2 ** 31))
const fault = Object.entries(faults).find(([known]) => known === name)?.[1]
const numbersAreGood = Number.isSafeInteger(cycles) && cycles >= 1 && Number.isSafeInteger(seed)

const columns = [
  { title: 'mutant', text: ({ mutant }: Catch) => mutant.name },
  { title: 'faults', text: ({ mutant }: Catch) => mutant.fault },
  { title: 'seen by', text: ({ seenBy }: Catch) => seenBy.join(', ') },
  {
    title: 'cycles',
    align: 'right' as const,
    text: ({ cycles: taken }: Catch) => String(taken ?? 'survived'),
  },
]

const engine = isKeeping(values.engine) ? values.engine : undefined
const logIsGood = ['sqlite', 'postgres', 'kafka', undefined].includes(values.engine)
const engineIsGood = values.engine === undefined || engine !== undefined

if (numbersAreGood && name === 'mutants') await huntMutants()
else if (numbersAreGood && engineIsGood && name === 'points') await strikePoints()
else if (numbersAreGood && logIsGood && fault !== undefined) await applyFaults(fault)
else {
  say(`Usage: npm run torture -- ${Object.keys(faults).join(' | ')} [--cycles 10] [--seed 1] [--engine sqlite | postgres | kafka]
       npm run torture -- points ["NAME" …] [--engine sqlite | postgres] [--seed 1]
       npm run torture -- mutants ["NAME" …] [--cycles 60] [--seed 1]`)
  process.exitCode = 2
}

async function applyFaults(applied: Fault): Promise<void> {
  const elsewhere = elsewhereOf(values.engine)
  const outcome = await torture({ cycles, seed, fault: applied, say, elsewhere })
  const { figures, verdict, elapsedMs } = outcome
  writeLine({
    torture: name,
    engine: values.engine ?? 'sqlite',
    cycles,
    ...figures,
    ...verdict,
    seed,
    elapsedMs,
  })
  const times = figures.kills + figures.pauses
  if (times < cycles || figures.published === 0 || figures.effects === 0) {
    say(`${times} faults in ${cycles} cycles, ${figures.effects} effects: this run proves nothing.`)
    process.exitCode = 1
  }
  if (isBroken(outcome)) process.exitCode = 1
}

/** @throws where it is not said where the server is, as `npm run engines -- start` prints it. */
function elsewhereOf(log: string | undefined): Elsewhere | undefined {
  if (log === undefined || log === 'sqlite') return undefined
  const url = process.env[urlVariable(log)]
  if (url === undefined)
    throw new Error(
      `Where is ${log}? Say it in ${urlVariable(log)}; npm run engines -- start ${log} prints it.`,
    )
  return { url, namespace: `torture-${randomInt(2 ** 31).toString(36)}` }
}

async function strikePoints(): Promise<void> {
  const { line, isWell } = await pointsCommand({ engine, points: chosen, seed, say })
  writeLine(line)
  if (!isWell) process.exitCode = 1
}

async function huntMutants(): Promise<void> {
  const wanted = mutants.filter((mutant) => chosen.length === 0 || chosen.includes(mutant.name))
  const catches = await hunt({ mutants: wanted, cycles, seed, say })
  for (const line of table(columns, catches)) say(line)
  const survived = catches.filter((each) => each.cycles === undefined).map(({ mutant }) => mutant.name)
  const caught = Object.fromEntries(catches.map((each) => [each.mutant.name, each.cycles]))
  writeLine({ torture: name, mutants: catches.length, survived, caught, seed })
  if (survived.length > 0 || catches.length === 0) process.exitCode = 1
}

function writeLine(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
