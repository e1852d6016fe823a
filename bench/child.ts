/** What runs in the child process of `inChild`: one measurement, whose figures go back to the parent. */
const [module = '', measurement = '', options = '{}'] = process.argv.slice(2)
const { [measurement]: measure } = await import(module)
const figures: unknown = await measure(JSON.parse(options))
process.send?.({ figures, rssMegabytes: process.resourceUsage().maxRSS / 1_024 })
