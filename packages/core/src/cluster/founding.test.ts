import test from 'ava'
import fc from 'fast-check'
import { Founding, type FoundingView } from './founding.ts'

const terms = { foundAfterMs: 1_000, aloneAfterMs: 2_000, blindMs: 1_500 }

/** As `own` sees it, and whoever is in `answering`. */
function view(own: string, ...answering: readonly string[]): FoundingView {
  return { isSelf: (address) => address === own, isAnswering: (address) => answering.includes(address) }
}

/** Looks every 100 ms, from one instant to another. */
function looks(founding: Founding, addresses: readonly string[], fromMs: number, untilMs: number): void {
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 100) founding.found(addresses, nowMs)
}

test('the lowest address begins once the same have been found for the margin and all have answered; no other does', (t) => {
  const founding = new Founding(terms)
  looks(founding, ['b', 'a'], 0, 900)

  t.regex(founding.missing(view('a', 'b'), 900)!, /stay the same \(a, b\)/)
  looks(founding, ['a', 'b'], 1_000, 1_000)
  t.is(founding.missing(view('a', 'b'), 1_000), null)
  t.regex(founding.missing(view('b', 'a'), 1_000)!, /lowest address begins, which is a/)
})

test('the margin begins anew with each change, and with each look that fails', (t) => {
  const founding = new Founding(terms)
  looks(founding, ['a', 'b'], 0, 500)
  looks(founding, ['a', 'b', 'c'], 600, 1_500)
  t.regex(founding.missing(view('a', 'b', 'c'), 1_500)!, /stay the same/)
  founding.found(null, 1_600)
  t.regex(founding.missing(view('a', 'b', 'c'), 1_600)!, /looked up/)
  looks(founding, ['a', 'b', 'c'], 1_700, 2_600)
  t.regex(founding.missing(view('a', 'b', 'c'), 2_600)!, /stay the same/)
  looks(founding, ['a', 'b', 'c'], 2_700, 2_700)

  t.is(founding.missing(view('a', 'b', 'c'), 2_700), null)
})

test('who was not looking for a while begins the margin anew', (t) => {
  const founding = new Founding(terms)
  looks(founding, ['a'], 0, 900)
  founding.found(['a'], 3_000)

  t.regex(founding.missing(view('a'), 3_000)!, /stay the same/)
})

test('nobody found, or others only, is nothing to begin with', (t) => {
  const founding = new Founding(terms)
  looks(founding, [], 0, 2_000)
  t.regex(founding.missing(view('a'), 2_000)!, /own address is not among those found \(none\)/)
  looks(founding, ['b'], 2_100, 5_000)

  t.regex(founding.missing(view('a', 'b'), 5_000)!, /own address is not among those found \(b\)/)
})

test('an address that does not answer is waited for, and then left out: of the others the lowest begins', (t) => {
  const founding = new Founding(terms)
  for (let nowMs = 0; nowMs < 2_000; nowMs += 100) {
    founding.found(['a', 'b', 'c'], nowMs)
    t.not(founding.missing(view('b', 'c'), nowMs), null)
  }
  founding.found(['a', 'b', 'c'], 2_000)

  t.is(founding.missing(view('b', 'c'), 2_000), null)
  t.regex(founding.missing(view('c', 'b'), 2_000)!, /which is b/)
})

test('one that has answered and is silent is waited for from then on, longer than it may be blind itself', (t) => {
  const founding = new Founding({ ...terms, aloneAfterMs: 0 })
  looks(founding, ['a', 'b'], 0, 5_000)
  founding.missing(view('b', 'a'), 5_000)
  looks(founding, ['a', 'b'], 5_100, 5_900)

  t.regex(founding.missing(view('b'), 5_900)!, /no answer yet from a/)
  founding.found(['a', 'b'], 6_000)
  t.is(founding.missing(view('b'), 6_000), null)
})

test('of all who have found the same and hear one another, exactly one begins', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }), (all) => {
      const beginners = all.filter((own) => {
        const founding = new Founding(terms)
        looks(founding, all, 0, 1_000)
        return founding.missing(view(own, ...all), 1_000) === null
      })
      return beginners.length === 1
    }),
  )
  t.pass()
})
