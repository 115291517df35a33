/** Where an actor stands in its life. Small integers: compared once per message. */
export const STARTING = 0
export const RUNNING = 1
/** Winding down one incarnation, or waiting before the next. */
export const RESTARTING = 2
export const STOPPING = 3
export const STOPPED = 4
