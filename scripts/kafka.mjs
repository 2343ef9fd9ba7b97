// npm run kafka: an Apache Kafka broker for development, without Docker. Ctrl-C, SIGTERM and SIGHUP end it in order, with
// exit code 0; 1 means that it could not be started, died, or had to be killed.
//
// npm run kafka -- --topic NAME   makes a topic too, unless there is one of that name; may be given more than once
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from './kafka/broker.mjs';
import { brokerJars } from './kafka/jars.mjs';
import { requireJava } from './kafka/programs.mjs';
import { makeTopic } from './kafka/protocol.mjs';
import { readKafkaSettings } from './kafka/settings.mjs';
import { takeDataFolder } from './supervisor/data-folder.mjs';
import { requireFreePort } from './supervisor/port.mjs';
import { endWithParent } from './workspace/end-with-parent.mjs';

endWithParent();
const end = Promise.withResolvers();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end.resolve());
// A terminal that went away must not stop the orderly end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const say = (line) => console.log(`kafka: ${line}`);
let folder;
let broker;
let code = 1;
try {
  const { values } = parseArgs({ options: { topic: { type: 'string', multiple: true, default: [] } } });
  const { dir, port } = readKafkaSettings();
  const java = await requireJava();
  folder = await takeDataFolder(dir, {
    name: 'Kafka',
    instead: 'CAIRN_DATA_DIR=<folder> KAFKA_PORT=9192 npm run kafka',
  });
  await requireFreePort('KAFKA_PORT', '127.0.0.1', port, 'npm run kafka');
  const jars = await brokerJars(dir, { say });
  broker = await startBroker({ java, jars, dir, port, onProcess: (pid) => folder.note([pid]) });
  for (const topic of values.topic) await makeTopic(broker.host, broker.port, topic);
  say(`ready: KAFKA_BROKERS=127.0.0.1:${port} (its log: ${path.join(dir, 'kafka.log')}). Ctrl-C ends it.`);
  const why = await Promise.race([end.promise, broker.exited.then((it) => `the broker ended with exit code ${it}`)]);
  if (why === undefined) say('ending …');
  else console.error(`kafka: ${why}.`);
  const willingly = await broker.stop();
  code = why === undefined && willingly ? 0 : 1;
} catch (error) {
  console.error(process.env.CAIRN_DEBUG ? error : `kafka: ${error.message}`);
  await broker?.stop();
}
folder?.release();
process.exit(code);
