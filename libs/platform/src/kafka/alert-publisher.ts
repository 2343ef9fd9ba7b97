/** A message for a topic. */
export interface TopicMessage {
  /** Messages of one key keep their order: they go to one partition. */
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where messages are published. */
export interface AlertPublisher {
  /**
   * Publishes messages in their order. When it returns, every replica that is in step has them; when it throws, any of them
   * may have got there, so all are to be published again before anything after them. Without messages it finds out whether
   * there is such a topic.
   * @param mayStill asked right before anything is written to a broker; when it may not any more, it fails as `ENDING`
   * @throws PublishFailed
   */
  publish(topic: string, messages: readonly TopicMessage[], mayStill?: () => boolean): Promise<void>;
  /** What was kept for a topic is given back; it may be published to again. */
  forget(topic: string): Promise<void>;
  /** What is under way fails. */
  close(): Promise<void>;
}

/** Every reason for which nothing could be published. The codes are public and stable; the sentences are for people. */
export const publishFaults = {
  NOT_SET_UP: 'This service is not set up to publish to Kafka.',
  TOPIC_MISSING: 'The cluster has no such topic. It is published to as soon as there is one.',
  TOPIC_REFUSED: 'Topics of this name are not for this sponsor; the operator of the service says which are.',
  NOT_AUTHORISED: 'The cluster does not let this service write to the topic.',
  AUTHENTICATION_FAILED: 'The cluster does not know this service by the name and password that it was given.',
  BROKER_UNTRUSTED: 'Nobody who is trusted vouches for the certificate of the broker.',
  BROKER_UNREACHABLE: 'No broker of the cluster answers.',
  MESSAGE_TOO_LARGE: 'The topic takes no message of this size.',
  REPLICAS_MISSING: 'Too few replicas of the topic are in step to keep a message safely.',
  ENDING: 'This service is ending.',
  TIMED_OUT: 'The cluster did not acknowledge in time.',
  PUBLISHING_FAILED: 'The cluster refused the messages.',
  EVENT_UNREADABLE: 'The next event was recorded by a newer version of this service.',
} as const;
export type PublishFault = keyof typeof publishFaults;

/** Nothing, or not everything, was acknowledged. The same may be published again. */
export class PublishFailed extends Error {
  override readonly name = 'PublishFailed';

  constructor(
    readonly code: PublishFault,
    options?: ErrorOptions,
  ) {
    super(publishFaults[code], options);
  }
}

/** Of a service without a cluster: whoever asks for a topic is told so. */
export const nowhere: AlertPublisher = {
  publish: () => Promise.reject(new PublishFailed('NOT_SET_UP')),
  forget: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
