import type { ErrorObject } from 'ajv'
import { type Issue, limits, listed } from '../kernel/index.ts'

/** What Ajv found, as where (a JSON Pointer, RFC 6901) and what, each once. */
export function issuesOf(errors: readonly ErrorObject[]): readonly Issue[] {
  const issues = new Map<string, Issue>()
  for (const { path, message } of findings(errors)) issues.set(`${path} ${message}`, { path, message })
  const all = [...issues.values()]
  if (all.length <= limits.dataIssues) return all
  const shown = all.slice(0, limits.dataIssues - 1)
  return [...shown, { path: '', message: `has ${all.length - shown.length} more issues` }]
}

/** "/items/0/quantity must be >= 1, /userId is required and 3 more": for the sentence of an error. */
export function issuesText(issues: readonly Issue[]): string {
  return listed(issues.map(({ path, message }) => `${path || 'the whole'} ${message}`))
}

interface Finding extends Issue {
  readonly schemaPath: string
  /** The values that a `const` or `enum` leaves. */
  readonly allowed?: readonly unknown[] | undefined
  readonly isConst: boolean
}

function findings(errors: readonly ErrorObject[]): readonly Finding[] {
  const found: Finding[] = []
  for (const error of errors) {
    const finding = findingOf(error)
    const isUnion = error.keyword === 'anyOf' || error.keyword === 'oneOf'
    if (isUnion) found.push(...findingsOfUnion(finding, takeInside(found, error.schemaPath)))
    else found.push(finding)
  }
  return found
}

/** Ajv lists what failed in the branches of a union right before the union itself. */
function takeInside(found: Finding[], schemaPath: string): readonly Finding[] {
  const first = found.findIndex((finding) => finding.schemaPath.startsWith(`${schemaPath}/`))
  return first === -1 ? [] : found.splice(first)
}

/**
 * One branch is meant. Where the branches carry a tag (a property with a `const`), what the other tags want is left
 * out; where they are plain alternatives, they become one finding.
 */
function findingsOfUnion(union: Finding, inside: readonly Finding[]): readonly Finding[] {
  const branchOf = ({ schemaPath }: Finding): string =>
    schemaPath.slice(union.schemaPath.length + 1).split('/')[0] ?? ''
  const tags = inside.filter(
    ({ path, isConst }) => isConst && parentOf(path) === union.path && path !== union.path,
  )
  const ruledOut = new Set(tags.map(branchOf))
  const meant = inside.filter((finding) => !ruledOut.has(branchOf(finding)))
  if (meant.some(({ path }) => path !== union.path)) return meant
  if (meant.length > 0) return [eitherOf(union, meant)]
  return tags.length > 0 ? [eitherOf({ ...union, path: tags[0]?.path ?? union.path }, tags)] : [union]
}

function eitherOf(union: Finding, alternatives: readonly Finding[]): Finding {
  const allowed = alternatives.flatMap((alternative) => alternative.allowed ?? [])
  const onlyValues = alternatives.every((alternative) => alternative.allowed !== undefined)
  const messages = new Set(alternatives.map(({ message }) => message))
  return {
    ...union,
    message: onlyValues ? oneOf(allowed) : [...messages].join(' or '),
    ...(onlyValues && { allowed }),
  }
}

function findingOf(error: ErrorObject): Finding {
  const { schemaPath, keyword, params } = error
  const property: unknown =
    params['missingProperty'] ??
    params['additionalProperty'] ??
    params['unevaluatedProperty'] ??
    error.propertyName
  const path =
    typeof property === 'string' ? `${error.instancePath}/${escaped(property)}` : error.instancePath
  const allowed: unknown = keyword === 'const' ? [params['allowedValue']] : params['allowedValues']
  return {
    path,
    schemaPath,
    isConst: keyword === 'const',
    ...(Array.isArray(allowed) ? { allowed, message: oneOf(allowed) } : { message: messageOf(error) }),
  }
}

function messageOf({ keyword, params, message = `breaks ${keyword}`, propertyName }: ErrorObject): string {
  if (propertyName !== undefined) return `has a name that ${message}`
  switch (keyword) {
    case 'required':
      return 'is required'
    case 'dependentRequired':
    case 'dependencies':
      return `is required beside ${String(params['property'])}`
    case 'additionalProperties':
    case 'unevaluatedProperties':
    case 'false schema':
      return 'is not allowed'
    case 'anyOf':
    case 'oneOf':
      return Array.isArray(params['passingSchemas'])
        ? 'must fit only one of the alternatives, and fits several'
        : 'must fit one of the alternatives'
    default:
      return message
  }
}

function oneOf(values: readonly unknown[]): string {
  const texts = [...new Set(values.map((value) => JSON.stringify(value)))]
  return texts.length === 1
    ? `must be ${texts[0]}`
    : `must be one of ${listed(texts, 10).replace(' and ', ' or ')}`
}

function escaped(property: string): string {
  return property.replaceAll('~', '~0').replaceAll('/', '~1')
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
