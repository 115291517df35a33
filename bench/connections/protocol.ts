import { protocol, type Ref } from '@troupe/core'

export interface Screen {
  show: (text: string) => void
}
export const Screen = protocol<Screen>('screen')

/** Where clients ask to be shown what is broadcast. */
export interface Hall {
  enter: (screen: Ref<Screen>) => void
}
export const Hall = protocol<Hall>('hall')
