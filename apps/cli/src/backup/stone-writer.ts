import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';

/** Characters that are written at once. */
const CHUNK = 256 * 1024;

/** Writes one file of a stone line by line; it is on the disk when it is closed. */
export class StoneFile {
  private readonly digest = createHash('sha256');
  private pending: string[] = [];
  private pendingLength = 0;
  private bytes = 0;

  private constructor(private readonly handle: FileHandle) {}

  static async create(directory: string, name: string): Promise<StoneFile> {
    return new StoneFile(await open(path.join(directory, name), 'wx', 0o600));
  }

  async line(value: unknown): Promise<void> {
    const text = `${JSON.stringify(value)}\n`;
    this.pending.push(text);
    this.pendingLength += text.length;
    if (this.pendingLength >= CHUNK) await this.flush();
  }

  /** @returns what its stone says of it */
  async close(): Promise<{ readonly bytes: number; readonly sha256: string }> {
    try {
      await this.flush();
      await this.handle.sync();
    } finally {
      await this.handle.close();
    }
    return { bytes: this.bytes, sha256: this.digest.digest('hex') };
  }

  /** What has been written is of no use. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined);
  }

  private async flush(): Promise<void> {
    const chunk = Buffer.from(this.pending.join(''), 'utf8');
    this.pending = [];
    this.pendingLength = 0;
    this.digest.update(chunk);
    this.bytes += chunk.length;
    await this.handle.writeFile(chunk);
  }
}
