/** `npm run check -- FILE --model NAME`: is a recorded history what it should be? */
import { check } from './check-command.ts'

process.exitCode = check(process.argv.slice(2), console)
