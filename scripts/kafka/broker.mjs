import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inRoot } from '../workspace/root.mjs';
import { run } from '../workspace/run.mjs';
import { answers } from './protocol.mjs';

const HOST = '127.0.0.1';
/** A broker that never answered in this time does not work, in milliseconds. */
const START_LIMIT = 60_000;
/** How long an orderly end may take, in milliseconds; killed after it, the next start recovers. */
const STOP_LIMIT = 20_000;

/** Bounded, and quick to start rather than fast for ever. */
const JVM = ['-Xms96m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'];

/**
 * Runs the broker beside whoever asks: it is asked to end when this shell's input ends, so also when the process at its
 * other end was killed. Says the broker's process id.
 */
const BESIDE = `
"$@" </dev/null >>"$BROKER_OUTPUT" 2>&1 &
broker=$!
echo $broker
exec 3<&0
(cat <&3 >/dev/null; kill $broker) >/dev/null 2>&1 &
wait $broker
`;

/**
 * @typedef {object} BrokerOptions
 * @property {string} java
 * @property {string} jars the folder of the jars
 * @property {string} dir where the broker keeps everything
 * @property {number} port of the listener without encryption or passwords, on this machine only
 * @property {Record<string, string>} [listeners] more of them: protocols by address as in `SASL_PLAINTEXT`: `127.0.0.1:9095`
 * @property {Record<string, string>} [settings] further settings of the broker, or others than the usual ones
 * @property {readonly string[]} [formatting] further arguments of the first formatting
 * @property {(pid: number) => void} [onProcess] is told the broker's process before it is waited for
 */

/**
 * Starts a broker and waits until it answers: one node, broker and controller in one (KRaft). Its data stay in `dir`; a
 * broker that was killed recovers them.
 * @param {BrokerOptions} options
 * @throws {Error} a sentence for the user
 */
export async function startBroker(options) {
  const { java, jars, dir, port, listeners = {}, settings = {}, formatting = [], onProcess } = options;
  const controller = await freePort();
  const data = path.join(dir, 'data');
  const configuration = path.join(dir, 'server.properties');
  const output = path.join(dir, 'output.log');
  const classes = `${jars}${path.sep}*`;
  fs.mkdirSync(dir, { recursive: true });
  const own = { PLAINTEXT: `${HOST}:${port}`, ...listeners };
  const configure = (folder) =>
    fs.writeFileSync(configuration, properties({ ...usual(own, controller, folder), ...settings }));

  if (!fs.existsSync(data)) {
    // Formatted beside: what was interrupted is not there.
    const fresh = `${data}.new`;
    fs.rmSync(fresh, { recursive: true, force: true });
    configure(fresh);
    const storage = ['-cp', classes, ...JVM, 'kafka.tools.StorageTool', 'format'];
    const { code, output: said } = await run(
      java,
      [...storage, '-t', clusterId(), '-c', configuration, ...formatting],
      {
        quiet: true,
      },
    );
    if (code !== 0) throw new Error(`The broker's folder could not be formatted:\n${said.trim()}`);
    fs.renameSync(fresh, data);
  }
  configure(data);

  const logging = [
    `-Dlog4j2.configurationFile=${inRoot('infra', 'kafka', 'log4j2.properties')}`,
    `-Dcairn.kafka.log=${path.join(dir, 'kafka.log')}`,
  ];
  fs.writeFileSync(output, '');
  const command = [java, ...JVM, ...logging, '-cp', classes, 'kafka.Kafka', configuration];
  const shell = spawn('sh', ['-c', BESIDE, 'sh', ...command], {
    // Detached: a Ctrl-C in the terminal must not reach the broker, it is ended when it is its turn.
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, BROKER_OUTPUT: output },
  });
  shell.stdin.on('error', () => undefined);
  const exited = new Promise((resolve, reject) => {
    shell.once('error', reject);
    shell.once('exit', (code) => resolve(code ?? 1));
  });
  exited.catch(() => undefined);
  exited.then(() => shell.stdin.destroy()).catch(() => undefined);
  const pid = await Promise.race([firstNumber(shell.stdout), exited.then(() => undefined)]);
  if (pid !== undefined) onProcess?.(pid);

  const broker = {
    pid,
    host: HOST,
    port,
    /** Resolves to the exit code whenever it ends. */
    exited,
    /** In order. @returns {Promise<boolean>} whether it ended by itself within its time; otherwise it was killed */
    async stop() {
      shell.stdin.end();
      const limit = new AbortController();
      const tooLate = sleep(STOP_LIMIT, 'too late', { signal: limit.signal }).catch(() => undefined);
      const outcome = await Promise.race([exited, tooLate]);
      limit.abort();
      if (outcome !== 'too late') return true;
      await broker.kill();
      return false;
    },
    /** At once, as a power cut would. */
    async kill() {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
      await exited;
    },
  };
  await untilAnswers(broker, path.join(dir, 'kafka.log'), output);
  return broker;
}

async function untilAnswers(broker, log, output) {
  let code;
  broker.exited.then((it) => (code = it)).catch(() => (code = 1));
  const deadline = Date.now() + START_LIMIT;
  while (!(await answers(HOST, broker.port))) {
    if (code !== undefined) {
      const said = fs.readFileSync(output, 'utf8').trim().split('\n').slice(-3).join('\n');
      throw new Error(`The broker ended while starting (exit code ${code}); its log is ${log}.\n${said}`.trim());
    }
    if (Date.now() > deadline) {
      await broker.kill();
      throw new Error(`The broker did not answer within ${START_LIMIT / 1000} s; its log is ${log}.`);
    }
    await sleep(50);
  }
}

const usual = (listeners, controller, data) => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@${HOST}:${controller}`,
  'controller.listener.names': 'CONTROLLER',
  listeners: addresses({ ...listeners, CONTROLLER: `${HOST}:${controller}` }),
  'advertised.listeners': addresses(listeners),
  'listener.security.protocol.map': [
    ...Object.keys(listeners).map((each) => `${each}:${each}`),
    'CONTROLLER:PLAINTEXT',
  ],
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': data,
  // Only the broker itself would make them, and in the number of copies of a cluster.
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  // A topic that nobody made is a mistake to be told of.
  'auto.create.topics.enable': false,
});

const addresses = (listeners) =>
  Object.entries(listeners)
    .map(([protocol, address]) => `${protocol}://${address}`)
    .join(',');

/** A line each; a backslash and a line break would mean something else there. */
const properties = (settings) =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');

/** Sixteen random bytes, as Kafka writes them; one that begins like an option could not be given as an argument. */
function clusterId() {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
}

/** A port that nothing listens on at this moment. */
export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, HOST, resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function firstNumber(stream) {
  let said = '';
  for await (const chunk of stream) {
    said += chunk;
    if (said.includes('\n')) return Number.parseInt(said, 10);
  }
  return undefined;
}
