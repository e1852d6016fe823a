import type { TracedEvent, TracedGroup } from '../journal/index.ts'
import { printable } from './text.ts'

/** A story of events as a sequence diagram of Mermaid: services and groups, and what went from one to the other. */
export function sequenceDiagram(story: readonly TracedEvent[]): string[] {
  const names = new Map<string, string>()
  const lines: string[] = []
  const participant = (title: string): string => {
    const known = names.get(title)
    if (known !== undefined) return known
    const name = `p${names.size}`
    names.set(title, name)
    return name
  }
  const tell = ({ event, groups, followers }: TracedEvent, from: string): void => {
    for (const { group, deliveries } of groups) {
      const to = participant(group)
      lines.push(`${from}->>${to}: ${text(`${event.type} ${event.subject ?? event.id}`)}`)
      for (const { outcome, attempt, error } of deliveries) {
        if (outcome === 'handled' && attempt === 1) continue
        const why = error === undefined ? '' : ` (${error.reason}: ${error.message})`
        lines.push(`Note right of ${to}: ${text(`${outcome}, attempt ${attempt}${why}`)}`)
      }
    }
    for (const group of groups) tellOf(group)
    for (const each of followers) tell(each, participant(each.event.source))
  }
  const tellOf = ({ group, followers }: TracedGroup): void => {
    for (const each of followers) tell(each, participant(group))
  }
  for (const event of story) tell(event, participant(event.event.source))
  const participants = [...names].map(([title, name]) => `participant ${name} as ${text(title)}`)
  return ['sequenceDiagram', ...[...participants, ...lines].map((line) => `  ${line}`)]
}

/** What would end a line, or begin an entity or a comment, is written as an entity. */
function text(words: string): string {
  return printable(words).replaceAll(/[#;%<>]/g, (character) => `#${character.codePointAt(0)};`)
}
