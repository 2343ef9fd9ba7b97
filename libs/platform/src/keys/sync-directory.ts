import { open } from 'node:fs/promises';

/** Makes durable which files a directory has. Where directories cannot be opened, they need no such thing. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
