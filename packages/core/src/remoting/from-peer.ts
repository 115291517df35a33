/**
 * What came from another node for a part of the runtime, with the run that its link belongs to. A class, so that nothing
 * which comes from abroad can pass for one.
 */
export class FromPeer {
  readonly uid: string
  readonly payload: unknown

  constructor(uid: string, payload: unknown) {
    this.uid = uid
    this.payload = payload
  }
}
