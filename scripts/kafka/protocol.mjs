import net from 'node:net';

/*
 * As much of Kafka's protocol as it takes to see that a broker works, and to make a topic: two requests, in versions old
 * enough to be written by hand and young enough for Kafka 4. https://kafka.apache.org/protocol
 */

const METADATA = { key: 3, version: 1 };
const CREATE_TOPICS = { key: 19, version: 2 };
const TOPIC_ALREADY_EXISTS = 36;
/** In milliseconds. */
const ANSWER_WITHIN = 5_000;

/** Whether a broker answers there that counts itself among those that may be used. */
export async function answers(host, port) {
  try {
    const answer = await ask(host, port, METADATA, int32(0));
    return answer.readInt32BE(0) > 0;
  } catch {
    return false;
  }
}

/** Makes a topic, unless there is one of that name. @throws {Error} a sentence when the broker refuses */
export async function makeTopic(host, port, name, partitions = 3) {
  const topic = [int32(1), string(name), int32(partitions), int16(1), int32(0), int32(0)];
  const body = Buffer.concat([...topic, int32(ANSWER_WITHIN), Buffer.of(0)]);
  const answer = await ask(host, port, CREATE_TOPICS, body);
  // How long it was throttled and how many topics follow; then this one's name.
  const at = 8 + 2 + answer.readInt16BE(8);
  const code = answer.readInt16BE(at);
  if (code === 0 || code === TOPIC_ALREADY_EXISTS) return;
  const length = answer.readInt16BE(at + 2);
  const reason = length > 0 ? answer.toString('utf8', at + 4, at + 4 + length) : `error ${code}`;
  throw new Error(`The topic ${name} could not be made: ${reason}`);
}

/** @returns {Promise<Buffer>} the answer, without its size and the number of the request */
function ask(host, port, { key, version }, body) {
  const anonymous = int16(-1);
  const request = Buffer.concat([int16(key), int16(version), int32(1), anonymous, body]);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    let received = Buffer.alloc(0);
    const end = (settle, value) => {
      socket.destroy();
      settle(value);
    };
    socket.setTimeout(ANSWER_WITHIN, () => end(reject, new Error('no answer in time')));
    socket.once('error', (error) => end(reject, error));
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) end(resolve, received.subarray(8));
    });
    socket.write(Buffer.concat([int32(request.length), request]));
  });
}

function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const string = (text) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
