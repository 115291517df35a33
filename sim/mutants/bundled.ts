// What a test runs of a planted build.
export { simulate } from '@troupe/testkit'
export { setPlanted } from './mutant.ts'
export { scenarios } from './scenarios.ts'
