import { describe, expect, test } from 'vitest'
import { given } from 'tidings/testing'
import { Order, OrderRefused, order, orderStream, paid, placed } from '../streams/orders.fixture.ts'

const open = [placed.create({ cents: 100 })]
const pay = { type: 'pay', paymentId: 'p' } as const

describe('given a decider', () => {
  test('when a command is sent, then these are its events', () => {
    given(order, []).when({ type: 'place', cents: 100 }).then(open)
    given(order, open)
      .when(pay)
      .then([paid.create({ paymentId: 'p' })])
    given(order, open).when({ type: 'look' }).then([])
  })

  test('when it is refused, then this is the refusal', () => {
    given(order, []).when(pay).then(OrderRefused)
    given(order, []).when(pay).then(Error)
    given(order, []).when(pay).then('no such order')
    given(order, [])
      .when(pay)
      .then(/^There is/)
  })

  test('then a function can look at the outcome', () => {
    given(order, open)
      .when(pay)
      .then(({ state, events, refusal }) =>
        expect([state?.status, events.length, refusal]).toEqual(['paid', 1, undefined]),
      )
    given(order, [])
      .when(pay)
      .then(({ refusal, events }) =>
        expect([refusal?.message, events]).toEqual(['There is no such order.', []]),
      )
  })

  test('then anything else is an error that says so', () => {
    const payment = given(order, open).when(pay)
    expect(() => payment.then([])).toThrow(/deep/)
    expect(() => payment.then([paid.create({ paymentId: 'q' })])).toThrow(/deep/)
    expect(() => payment.then([...open, paid.create({ paymentId: 'p' })])).toThrow(/deep/)
    expect(() => payment.then(OrderRefused)).toThrow('was to be refused, and it made order.paid')
    expect(() => given(order, open).when({ type: 'look' }).then('no')).toThrow('it made no events')
    expect(() => given(order, []).when(pay).then(RangeError)).toThrow(
      'refused with "There is no such order."',
    )
    expect(() => given(order, []).when(pay).then(open)).toThrow(OrderRefused)
  })

  test('events are checked, those that are given and those that are made', () => {
    given(order, [])
      .when({ type: 'place', cents: 0.5 })
      .then(/^data_invalid/)
    // No refusal of the command: it would be taken for the one that is expected.
    const wrong = placed.create({ cents: 0.5 })
    expect(() => given(order, [wrong])).toThrow(/^data_invalid/)
    expect(() => given(orderStream, Order, [wrong])).toThrow(/^data_invalid/)
  })

  test('a time is looked at where the expectation sets one', () => {
    const timed = placed.create({ cents: 1 }, { time: '2018-03-01T00:00:00Z' })
    given(orderStream, Order, [])
      .when((each) => each.place(1, '2018-03-01T00:00:00Z'))
      .then([timed])
    expect(() =>
      given(orderStream, Order, [])
        .when((each) => each.place(1))
        .then([timed]),
    ).toThrow(/deep/)
  })
})

const asynchronous: (order: Order) => unknown = async (each) => each.pay('p')

describe('given an aggregate', () => {
  test('when a command is asynchronous, then it is refused as it is by update', () => {
    given(orderStream, Order, open)
      .when(asynchronous)
      .then(/^option_invalid: The command for stream "order-1" returned a Promise/)
  })

  test('when a command runs on it, then these are its events, or its refusal', () => {
    given(orderStream, Order, open)
      .when((each) => each.pay('p'))
      .then([paid.create({ paymentId: 'p' })])
    given(orderStream, Order, [])
      .when((each) => each.pay('p'))
      .then(OrderRefused)
    given(orderStream, Order, open)
      .when((each) => each.pay('p'))
      .then(({ state }) => expect([state?.status, state?.version]).toEqual(['paid', 1]))
  })
})
