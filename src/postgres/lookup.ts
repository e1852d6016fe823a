import { type Clock, limits } from '../kernel/index.ts'
import { isOfData } from './errors.ts'
import { Together } from './together.ts'

interface Asked<Question, Answer> {
  readonly question: Question
  readonly fulfil: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Asks questions of one kind, many with one statement: whoever does many things at once asks for each by itself. */
export class Lookup<Question, Answer> {
  readonly #together: Together<Asked<Question, Answer>>

  /** @param answer asks, and gives what the answer to the question at an index is. */
  constructor(clock: Clock, answer: (questions: readonly Question[]) => Promise<(index: number) => Answer>) {
    this.#together = new Together<Asked<Question, Answer>>({
      clock,
      groups: limits.postgresLookups,
      take: () => limits.postgresQuestions,
      run: (asked) => askTogether(answer, asked),
    })
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((fulfil, reject) => {
      this.#together.add({ question, fulfil, reject })
    })
  }

  /** Fulfils when nothing is asked any more. */
  settled(): Promise<void> {
    return this.#together.settled()
  }
}

/** What one question has that PostgreSQL does not take is no answer to the others: each is asked alone then. */
async function askTogether<Question, Answer>(
  answer: (questions: readonly Question[]) => Promise<(index: number) => Answer>,
  asked: readonly Asked<Question, Answer>[],
): Promise<void> {
  try {
    const answerTo = await answer(asked.map(({ question }) => question))
    for (const [index, { fulfil }] of asked.entries()) fulfil(answerTo(index))
  } catch (error) {
    if (asked.length > 1 && isOfData(error)) for (const each of asked) await askTogether(answer, [each])
    else for (const { reject } of asked) reject(error)
  }
}
