declare module 'kafkajs/src/consumer/consumerGroup.js' {
  /** A member of a group inside of kafkajs, not among what it exports. */
  export default class ConsumerGroup {
    joinAndSync(): Promise<void>
    leave(): Promise<void>
  }
}
