import fc from 'fast-check'
import { compileSchema } from '../compile.ts'
import { compareSchemas } from './compare.ts'
import { directed } from './directed.fixture.ts'
import { instance, schemaPair } from './oracle.fixture.ts'
const [, , runs = '1000', seed = '1', show = '', policy = 'strict', depth = '3'] = process.argv
const instances = fc.sample(instance, { numRuns: 300, seed: 5 })
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
let shown = 0,
  bugs = 0,
  un = 0,
  inc = 0
const open: Record<string, number> = {}
for (const [w, r] of fc.sample(schemaPair(Number(depth)), { numRuns: Number(runs), seed: Number(seed) })) {
  const text = JSON.stringify([w, r])
  if (text.includes('"contains"') && /prefixItems|unevaluatedItems/.test(text)) continue
  let vw, vr
  try {
    vw = compileSchema(w)
    vr = compileSchema(r)
  } catch {
    continue
  }
  let ds
  try {
    ds = compareSchemas({ schema: w }, { schema: r }, { policy: policy as 'strict' })
  } catch (e: any) {
    console.log('ERR', e.message.slice(0, 100))
    continue
  }
  const breaks = ds.filter((d) => d.breaks)
  let found = false,
    witness: unknown
  try {
    for (const v of [...directed(w, [r]), ...instances])
      if (vw(v).length === 0 && vr(v).length > 0) {
        found = true
        witness = v
        break
      }
  } catch {
    continue
  }
  if (breaks.length) {
    inc++
    if (!found) {
      un++
      for (const k of new Set(breaks.map((d) => d.kind))) open[k] = (open[k] ?? 0) + 1
      if (show !== '' && breaks.some((d) => d.kind.startsWith(show)) && shown++ < 6)
        console.log(
          breaks.map((d) => d.kind + ' ' + d.path + ' ' + d.message).join('\n'),
          '\n  W',
          JSON.stringify(w).slice(0, 500),
          '\n  R',
          JSON.stringify(r).slice(0, 500),
        )
    }
  } else if (found && !ds.some((d) => opening.has(d.kind))) {
    bugs++
    console.log(
      'BUG',
      JSON.stringify(witness),
      '\n  W',
      JSON.stringify(w),
      '\n  R',
      JSON.stringify(r),
      '\n',
      ds.map((d) => d.kind + d.path).join(' '),
    )
  }
}
console.log({ inc, un, bugs }, JSON.stringify(open))
