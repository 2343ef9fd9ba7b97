/** What the alerter is made of: each works by itself, so that what holds up one holds up no other. */
export interface Part {
  readonly name: string;
  /** Begins to work; what fails later is tried again and told to the log. */
  start(): Promise<void>;
  /** Ends after what is under way. */
  stop(): Promise<void>;
}
