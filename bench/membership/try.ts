import { measureScale } from './scale.ts'
for (const n of (process.argv[2] ?? '10,100').split(',')) console.log(measureScale(Number(n), 1))
