import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type CloudEvent, decodeHttp, decodeKafka } from './index.ts'

/** Runs the CloudEvents project's own scenarios for HTTP and Kafka. */
const folder = new URL('../../../shared/cloudevents/features/', import.meta.url)

interface Step {
  readonly text: string
  readonly docString: string
  readonly table: Readonly<Record<string, string>>
}

interface Scenario {
  readonly name: string
  readonly steps: readonly Step[]
}

function scenariosOf(file: string): Scenario[] {
  const blocks = readFileSync(new URL(file, folder), 'utf8')
    .split(/^ *Scenario(?: Outline)?: */m)
    .slice(1)
  return blocks.flatMap((block) => {
    const [body = '', examples] = block.split(/^ *Examples:/m)
    if (examples === undefined) return [scenarioOf(body)]
    const [[parameter = ''] = [], ...values] = cellsOf(examples)
    return values.map(([value = '']) => scenarioOf(body.replaceAll(`<${parameter}>`, value)))
  })
}

function scenarioOf(body: string): Scenario {
  const [name = '', ...steps] = body.split(/^ *(?:Given|And|When|Then) /m)
  return { name: name.trim(), steps: steps.map(stepOf) }
}

function stepOf(step: string): Step {
  const [before = '', indent = '', docString = ''] = step.split(/^( *)"""\n([\s\S]*?)^ *"""/m)
  const [, ...rows] = cellsOf(before)
  return {
    text: before.split('\n')[0]?.trim() ?? '',
    docString: docString.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    table: Object.fromEntries(rows),
  }
}

function cellsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.trim().startsWith('|'))
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

function httpEvent(request: string): CloudEvent | undefined {
  const [head = '', ...body] = request.split('\n\n')
  const lines = head.split('\n').slice(1)
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return decodeHttp({ headers, body: body.join('\n\n') })[0]
}

function run({ steps }: Scenario): void {
  let payload = ''
  let headers: Step['table'] = {}
  let event: CloudEvent | undefined
  for (const { text, docString, table } of steps) {
    switch (text) {
      case 'an HTTP request':
      case 'a Kafka message with payload:':
        payload = docString
        break
      case 'Kafka headers:':
        headers = table
        break
      case 'parsed as HTTP request':
        event = httpEvent(payload)
        break
      case 'parsed as Kafka message':
        event = decodeKafka({ headers, value: payload })
        break
      case 'the attributes are:': {
        const { data: _, ...attributes } = event ?? { data: undefined }
        expect(attributes).toEqual(table)
        break
      }
      case 'the data is equal to the following JSON:':
        expect(event?.data).toEqual(JSON.parse(docString))
        break
      default:
        throw new Error(`The step "${text}" is not known.`)
    }
  }
}

describe.skipIf(!existsSync(folder))(
  'conformance (skipped where the shared features are not beside the repository)',
  () => {
    const files = existsSync(folder)
      ? ['http-protocol-binding.feature', 'kafka-protocol-binding.feature']
      : []
    const scenarios = files.flatMap((file) =>
      scenariosOf(file).map((scenario): [string, Scenario] => [`${file}: ${scenario.name}`, scenario]),
    )

    test.each(scenarios)('%s', (_, scenario) => {
      expect(scenario.steps.length).toBeGreaterThanOrEqual(4)
      run(scenario)
    })

    test('all scenarios were found', () => {
      expect(scenarios).toHaveLength(7)
    })
  },
)
