import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { BundleUnreadable } from './problem.js';

/** Bytes of the longest line of events: a payload of a million, and what is said about it. */
export const LINE_MAX_BYTES = 4 * 1024 * 1024;
/** Bytes of a file that is read as a whole. */
export const WHOLE_MAX_BYTES = 64 * 1024 * 1024;
const CHUNK = 256 * 1024;
const LF = 0x0a;

/** A line without its line feed; undefined when it is longer than one can be. */
export type Line = { readonly bytes: Buffer; readonly ended: boolean } | undefined;

/** The files of a bundle, of which nothing is believed: neither that they are there, nor how large they are. */
export class BundleFiles {
  private readonly digests = new Map<string, { readonly bytes: number; readonly sha256: string }>();

  constructor(private readonly directory: string) {}

  /** Whether a file is there. */
  async has(name: string): Promise<boolean> {
    try {
      return (await fs.lstat(path.join(this.directory, name))).isFile();
    } catch {
      return false;
    }
  }

  /** A file's text. @throws BundleUnreadable */
  async text(name: string, maxBytes = WHOLE_MAX_BYTES): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.chunks(name)) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new BundleUnreadable('FILE_TOO_LARGE', name, `${name} has more than ${maxBytes} bytes.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size).toString('utf8');
  }

  /** A file's lines, some at a time. One that is too long ends it, however much follows. @throws BundleUnreadable */
  async *lines(name: string): AsyncGenerator<readonly Line[]> {
    let pieces: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.chunks(name)) {
      const lines: Line[] = [];
      let from = 0;
      for (;;) {
        const end = chunk.indexOf(LF, from);
        const piece = chunk.subarray(from, end === -1 ? chunk.length : end);
        pieces.push(piece);
        size += piece.length;
        if (size > LINE_MAX_BYTES) {
          lines.push(undefined);
          yield lines;
          return;
        }
        if (end === -1) break;
        lines.push({ bytes: pieces.length === 1 ? piece : Buffer.concat(pieces, size), ended: true });
        pieces = [];
        size = 0;
        from = end + 1;
      }
      yield lines;
    }
    if (size > 0) yield [{ bytes: Buffer.concat(pieces, size), ended: false }];
  }

  /** A file's length and SHA-256, without reading it again where it was read to its end. @throws BundleUnreadable */
  async digest(name: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    if (!this.digests.has(name)) for await (const _ of this.chunks(name));
    return this.digests.get(name)!;
  }

  private async *chunks(name: string): AsyncGenerator<Buffer> {
    let file: FileHandle | undefined;
    try {
      file = await this.open(name);
      const digest = createHash('sha256');
      let bytes = 0;
      for (;;) {
        // A buffer of its own: lines are cut out of it and kept.
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null);
        if (bytesRead === 0) break;
        const chunk = buffer.subarray(0, bytesRead);
        bytes += bytesRead;
        digest.update(chunk);
        yield chunk;
      }
      this.digests.set(name, { bytes, sha256: digest.digest('hex') });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (error instanceof BundleUnreadable || code === undefined) throw error;
      throw new BundleUnreadable('FILE_UNREADABLE', name, `${name} cannot be read (${code}).`);
    } finally {
      await file?.close();
    }
  }

  private async open(name: string): Promise<FileHandle> {
    try {
      // Neither a link to elsewhere nor a pipe that never ends.
      const file = await fs.open(
        path.join(this.directory, name),
        constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
      );
      if ((await file.stat()).isFile()) return file;
      await file.close();
      throw new BundleUnreadable('FILE_UNREADABLE', name, `${name} is no file.`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new BundleUnreadable('FILE_MISSING', name, `${name} is missing.`);
    }
  }
}
