import type { TopicMessage } from '@cairn/platform/kafka';
import type { Alert } from '@cairn/signals';

/**
 * An alert as a message of a topic: CloudEvents' binary mode for Kafka, in which the attributes are headers and the value is
 * the data alone, so that a consumer can pass over what it has seen, or does not want, without reading it.
 */
export function messageOf({ data, datacontenttype, partitionkey, ...attributes }: Alert): TopicMessage {
  const headers: Record<string, string> = { 'content-type': datacontenttype };
  for (const [name, value] of Object.entries({ ...attributes, partitionkey })) headers[`ce_${name}`] = value;
  return { key: partitionkey, value: JSON.stringify(data), headers };
}
