import fc from 'fast-check'
import { compileSchema } from '../compile.ts'
import { compareSchemas } from './compare.ts'
import { instance, schemaPair } from './oracle.fixture.ts'

const runs = Number(process.argv[2] ?? 1000),
  seed = Number(process.argv[3] ?? 1)
const policy = (process.argv[4] ?? 'strict') as 'strict'
const opening = new Set(
  policy === 'strict'
    ? ['required_changed', 'oneOf_relaxed']
    : [
        'required_changed',
        'oneOf_relaxed',
        'property_added',
        'property_removed',
        'additionalProperties_tightened',
        'unevaluatedProperties_tightened',
      ],
)
const instances = fc.sample(instance, { numRuns: 600, seed: 5 })
let compat = 0,
  incompat = 0,
  witnessed = 0,
  bugs = 0,
  skipped = 0,
  errors = 0
const unwitnessed: Record<string, number> = {}
for (const [w, r] of fc.sample(schemaPair, { numRuns: runs, seed })) {
  let vw, vr
  try {
    vw = compileSchema(w)
    vr = compileSchema(r)
  } catch {
    skipped++
    continue
  }
  let ds
  try {
    ds = compareSchemas({ schema: w }, { schema: r }, { policy })
  } catch (e: any) {
    errors++
    if (!/too_complex/.test(e.message))
      console.log('ERR', e.stack?.slice(0, 300), JSON.stringify(w), JSON.stringify(r))
    continue
  }
  const breaks = ds.some((d) => d.breaks)
  let witness: unknown,
    found = false
  try {
    for (const v of instances)
      if (vw(v).length === 0 && vr(v).length > 0) {
        witness = v
        found = true
        break
      }
  } catch {
    skipped++
    continue
  }
  if (breaks) {
    incompat++
    if (found) witnessed++
    else for (const d of ds) if (d.breaks) unwitnessed[d.kind] = (unwitnessed[d.kind] ?? 0) + 1
  } else {
    compat++
    if (found && !ds.some((d) => opening.has(d.kind))) {
      bugs++
      if (bugs <= Number(process.argv[5] ?? 4))
        console.log(
          'BUG',
          JSON.stringify(witness),
          '\n  W',
          JSON.stringify(w),
          '\n  R',
          JSON.stringify(r),
          '\n ',
          ds.map((d) => d.kind + d.path).join(' '),
        )
    }
  }
}
console.log({ compat, incompat, witnessed, bugs, skipped, errors })
console.log(
  Object.entries(unwitnessed)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 20),
)
