import { expect, test } from 'vitest'
import { limits } from '../index.ts'
import { type Line, readLines } from './ndjson.ts'

function groupsOf(...chunks: (string | Uint8Array)[]): Promise<(readonly Line[])[]> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  return Array.fromAsync(readLines(bytes()))
}

async function linesOf(...chunks: (string | Uint8Array)[]): Promise<Line[]> {
  return (await groupsOf(...chunks)).flat()
}

const text = (line: Line | undefined): string | undefined => (line && 'text' in line ? line.text : undefined)
const code = (line: Line | undefined): string | undefined =>
  line && 'fault' in line ? line.fault.code : undefined

test('lines are numbered from 1, and empty ones are passed over', async () => {
  expect(await linesOf('a\n\n  \nb\r\nc')).toEqual([
    { number: 1, text: 'a' },
    { number: 4, text: 'b' },
    { number: 5, text: 'c' },
  ])
})

test('a line may arrive in pieces that cut its characters', async () => {
  const bytes = Buffer.from('größe\nx')
  const pieces = [...bytes].map((byte) => Uint8Array.of(byte))
  expect((await linesOf(...pieces)).map(text)).toEqual(['größe', 'x'])
})

test('a byte order mark does not belong to the first line', async () => {
  expect((await linesOf('\uFEFF{}\n')).map(text)).toEqual(['{}'])
})

test('a line as large as an event may be is read, a larger one is passed over', async () => {
  const largest = 'x'.repeat(limits.eventBytes)
  const lines = await linesOf(`${largest}\r\n${largest}xx\nnext`)
  expect([text(lines[0])?.length, code(lines[1]), text(lines[2])]).toEqual([
    limits.eventBytes,
    'event_too_large',
    'next',
  ])
})

test('a line that is not UTF-8 takes no other with it', async () => {
  const lines = await linesOf('a\n', Uint8Array.of(0xff, 0x0a), 'b\n')
  expect([text(lines[0]), code(lines[1]), text(lines[2])]).toEqual(['a', 'json_invalid', 'b'])
})

test('lines come in groups of a bounded size', async () => {
  const groups = await groupsOf('x\n'.repeat(limits.cliPublishLines * 2 + 1))
  expect(groups.map((group) => group.length)).toEqual([limits.cliPublishLines, limits.cliPublishLines, 1])
})
