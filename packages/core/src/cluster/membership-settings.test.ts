import test from 'ava'
import { createSystem } from '../create-system.ts'
import { checkMembershipOptions, type MembershipOptions } from './membership-settings.ts'

test('wrong options are turned down at the door, by name', (t) => {
  const wrong: readonly [options: object, message: RegExp][] = [
    [{ probePeriod: 5 }, /probePeriodMs/],
    [{ probePeriodMs: 1 }, /probePeriodMs/],
    [{ probePeriodMs: 100, probeTimeoutMs: 100 }, /probeTimeoutMs/],
    [{ roles: [''] }, /roles/],
    [{ suspicionPeriods: 0 }, /suspicionPeriods/],
    [{ minMembers: 0 }, /minMembers/],
    [{ splitBrain: {} }, /splitBrain/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => checkMembershipOptions(options as MembershipOptions), { message })
  }
  t.is(checkMembershipOptions({ probePeriodMs: 100 }).probeTimeoutMs, 50)
})

test('membership without a transport is an error', async (t) => {
  await t.throwsAsync(createSystem({ name: 'a', membership: true }), { code: 'INVALID_OPTION', message: /transport/ })
})
