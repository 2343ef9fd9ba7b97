// An example: prints every alert of a topic once, those of a site in their order. What it has seen it remembers only as
// long as it runs; a consumer that acts on alerts keeps their ids where it keeps what it did.
import { Kafka } from 'kafkajs';

const [topic, group = 'example'] = process.argv.slice(2);
const kafka = new Kafka({ brokers: (process.env.KAFKA_BROKERS ?? '127.0.0.1:9092').split(','), logLevel: 1 });
const consumer = kafka.consumer({ groupId: group });
const seen = new Set();

await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message: { key, value, headers } }) => {
    const id = String(headers.ce_id);
    if (seen.has(id)) return;
    seen.add(id);
    const { kind, rule, severity, link } = JSON.parse(value);
    console.log([id, key, kind, rule, severity, link].join(' '));
  },
});
