import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { compileSchema } from './compile.ts'
import { cheaplyOwn } from './own-properties.ts'

const schema = {
  type: 'object',
  properties: { id: { type: 'string' }, constructor: { type: 'string' } },
  required: ['id'],
  additionalProperties: false,
}

function found(data: unknown): readonly string[] {
  return compileSchema(schema)(data).map(({ path, message }) => `${path} ${message}`)
}

class WithGetter {
  get id(): string {
    return 'a'
  }
}

describe('A property', () => {
  it.each([
    ['of a plain object', { id: 'a' }],
    ['of an object without a prototype', Object.assign(Object.create(null), { id: 'a' })],
    ['of an instance', Object.assign(new Date(), { id: 'a' })],
    ['of the name of something inherited', JSON.parse('{"id":"a","constructor":"b"}')],
  ])('%s is there', (_, data) => {
    expect(found(data)).toEqual([])
  })

  it.each([
    ['is inherited from a class', new WithGetter()],
    ['is inherited from an object', Object.create({ id: 'a' })],
    ['has the name of something inherited', JSON.parse('{"constructor":"b"}')],
    ['is not there', {}],
  ])('that %s is missing, as it would be in JSON', (_, data) => {
    expect(found(data)).toEqual(['/id is required'])
  })

  it('of the name of something inherited is looked at where it is there', () => {
    expect(found(JSON.parse('{"id":"a","constructor":1}'))).toEqual(['/constructor must be string'])
  })
})

/** What Ajv runs for a schema. */
function codeOf(of: object): string {
  let run = ''
  const process = (code: string): string => (run = cheaplyOwn(code))
  new Ajv2020({ strict: false, ownProperties: true, code: { process } }).compile(of)
  return run
}

describe('The code of Ajv', () => {
  it('asks for the prototype first, save for names that every object has', () => {
    const calls = codeOf(schema).matchAll(/(Object\.prototype \|\| )?func\d+\.call\(data, "(\w+)"\)/g)
    expect([...calls].map(([, first, name]) => [name, first !== undefined])).toEqual([
      ['id', true],
      ['id', true],
      ['constructor', false],
    ])
  })

  it('is left as it is in strings', () => {
    const text = 'func0.call(data, "id")'
    expect(codeOf({ const: text, properties: { [text]: { const: text } } })).toContain(
      JSON.stringify(text).slice(1, -1),
    )
    expect(compileSchema({ properties: { [text]: { const: text } } })({ [text]: text })).toEqual([])
  })
})
