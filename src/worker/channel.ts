/** A two-way stream of messages between supervisor and one worker: IPC on one machine, others later. */
export interface Channel<In, Out> {
  send(message: Out): void
  /** Set once, before the first message is due. */
  onMessage: (message: In) => void
  /** The other end is gone: nothing will come any more. */
  onClose: () => void
}
