import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A broker of `scripts/kafka/broker.mjs`. */
interface Broker {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<boolean>;
  kill(): Promise<void>;
}

interface BrokerOptions {
  readonly listeners?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly formatting?: readonly string[];
}

interface Tools {
  readonly java: string;
  readonly jars: string;
  readonly kcat: { readonly command: string; readonly env: Readonly<Record<string, string>> };
}

const scripts = path.resolve(import.meta.dirname, '../../scripts/kafka');
const { startBroker, freePort } = (await import(path.join(scripts, 'broker.mjs'))) as {
  readonly startBroker: (
    options: BrokerOptions & { java: string; jars: string; dir: string; port: number },
  ) => Promise<Broker>;
  readonly freePort: () => Promise<number>;
};
const { makeTopic } = (await import(path.join(scripts, 'protocol.mjs'))) as {
  readonly makeTopic: (host: string, port: number, topic: string, partitions?: number) => Promise<void>;
};
export { freePort };

/** What `npm run test:kafka` found. */
function tools(): Tools {
  const found = process.env['CAIRN_TEST_KAFKA'];
  if (!found) throw new Error('CAIRN_TEST_KAFKA is not set; run this file through npm run test:kafka');
  return JSON.parse(found) as Tools;
}

/** A message as kcat has it. */
export interface KcatMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** A broker on a free port with a folder of its own, that may be ended and started again. */
export class RunningKafka {
  private broker: Broker | undefined;

  private constructor(
    private readonly dir: string,
    readonly port: number,
    private readonly options: BrokerOptions,
  ) {}

  static async start(options: BrokerOptions = {}): Promise<RunningKafka> {
    const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'cairn-kafka-'));
    const kafka = new RunningKafka(dir, await freePort(), options);
    await kafka.start();
    return kafka;
  }

  /** As `KAFKA_BROKERS` has it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** On the port and the data that it had. */
  async start(): Promise<void> {
    const { java, jars } = tools();
    this.broker = await startBroker({ ...this.options, java, jars, dir: this.dir, port: this.port });
  }

  /** In order. */
  async stop(): Promise<void> {
    await this.broker?.stop();
    this.broker = undefined;
  }

  /** At once, by SIGKILL. */
  async kill(): Promise<void> {
    await this.broker?.kill();
    this.broker = undefined;
  }

  async remove(): Promise<void> {
    await this.kill();
    await fs.rm(this.dir, { recursive: true, force: true });
  }

  makeTopic(topic: string, partitions = 3): Promise<void> {
    return makeTopic('127.0.0.1', this.port, topic, partitions);
  }

  /** All that a topic has, read by kcat: partition by partition, each in its order. */
  async read(topic: string): Promise<readonly KcatMessage[]> {
    const { command, env } = tools().kcat;
    const args = ['-C', '-q', '-e', '-b', this.address, '-t', topic, '-o', 'beginning', '-J'];
    const { stdout } = await promisify(execFile)(command, args, {
      env: { ...process.env, ...env },
      maxBuffer: 256 * 1024 * 1024,
      timeout: 60_000,
    });
    const found = stdout.split('\n').filter(Boolean).map(readLine);
    return found.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
  }
}

/** A line of kcat's JSON: headers are names and values in turn. */
function readLine(line: string): KcatMessage {
  const { partition, offset, key, headers, payload } = JSON.parse(line) as {
    partition: number;
    offset: number;
    key: string;
    headers?: readonly string[];
    payload: string;
  };
  const pairs = (headers ?? []).flatMap((name, at, all) => (at % 2 === 0 ? [[name, all[at + 1]!] as const] : []));
  return { partition, offset, key, headers: Object.fromEntries(pairs), value: payload };
}
