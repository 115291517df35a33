import { linearizable, registerModel, type Scenario } from '@troupe/testkit'
import { votingRegisters } from '../stage/registers.ts'

/** Registers agreed upon by majorities of three or four replicas: every history is that of one register. */
export const votingRegister: Scenario = votingRegisters('voting-register', 'linearizable', [
  linearizable(registerModel()),
])
