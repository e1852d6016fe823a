/** Loads one file of `src` as a mutant has it: `node --import file:///…/mutate.ts?mutant=NAME program.ts`. */
import { registerHooks } from 'node:module'
import { mutated } from './mutant.ts'
import { mutants } from './mutants.ts'

const name = new URL(import.meta.url).searchParams.get('mutant')
const mutant = mutants.find((each) => each.name === name)
if (mutant === undefined) throw new Error(`There is no mutant "${name}".`)
const target = new URL(`../../src/${mutant.file}`, import.meta.url).href

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    return url === target ? { ...loaded, source: mutated(textOf(loaded.source), mutant) } : loaded
  },
})

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | null | undefined): string {
  if (typeof source === 'string') return source
  if (source == null) throw new Error(`Nothing was loaded of ${target}.`)
  return new TextDecoder().decode(source)
}
