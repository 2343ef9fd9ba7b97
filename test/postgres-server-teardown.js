import fs from 'node:fs';

export default async function () {
  const running = globalThis.testPostgres;
  if (!running) return;
  await running.server.stop();
  fs.rmSync(running.dir, { recursive: true, force: true });
}
