import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { ComposeService } from './compose.js';
import { DOCKERFILE, type Image, imageOf, shellOf, stagesOf } from './dockerfile.js';
import type { ImageNetwork } from './image-network.js';
import { repository } from './launched-cairn.js';

const { assemble } = await import(path.join(repository, 'infra/images/assemble.mjs'));
const ENTER = path.join(repository, 'test/support/enter-image.sh');

/**
 * The packages of all images, as the Dockerfile's command leaves them, linked from those of the repository: the lock file says which
 * are left out, and the command itself would take its time and a registry.
 * @returns the folder of them
 */
export function makePackages(folder: string): string {
  const stages = stagesOf(fs.readFileSync(DOCKERFILE, 'utf8'));
  const [install] = stages.find(({ name }) => name === 'packages')!.instructions;
  if (shellOf(install!) !== 'npm ci --omit=dev --omit=optional') {
    throw new Error('other packages are installed than here');
  }
  const lock = JSON.parse(fs.readFileSync(path.join(repository, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean; link?: boolean }>;
  };
  const kept = Object.entries(lock.packages).filter(
    ([name, { dev, optional, devOptional }]) => name.startsWith('node_modules/') && !dev && !optional && !devOptional,
  );
  const own = new Set(kept.map(([name]) => name));
  for (const [name, { link }] of kept) {
    const copy = path.join(folder, name);
    if (fs.existsSync(copy)) continue;
    fs.mkdirSync(path.dirname(copy), { recursive: true });
    if (link) fs.symlinkSync(fs.readlinkSync(path.join(repository, name)), copy);
    else linkAll(path.join(repository, name), copy);
  }
  // What is nested in a package came along with it, whether it is meant to be there or not.
  for (const name of Object.keys(lock.packages)) {
    if (name.startsWith('node_modules/') && !own.has(name))
      fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  }
  return path.join(folder, 'node_modules');
}

/** The same bytes under another name, where that can be: copies of them would take their time. */
function linkAll(from: string, to: string): void {
  if (spawnSync('cp', ['--archive', '--link', '--no-target-directory', from, to]).status === 0) return;
  fs.rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['--archive', '--no-target-directory', from, to]);
}

/** What would be in an image, in a folder, by the COPY lines of the Dockerfile. */
export function assembleImage(target: string, folder: string, packages: string): Image {
  const image = imageOf(target);
  const root = path.join(folder, target);
  for (const { from, sources, target: to } of image.copies) {
    const place = path.join(root, path.resolve(image.workdir, to));
    fs.mkdirSync(path.dirname(place), { recursive: true });
    const [source] = sources;
    if (from === 'packages') {
      linkAll(packages, place);
    } else if (from === 'build' && source!.startsWith('/cairn/node_modules/')) {
      fs.rmSync(place, { recursive: true, force: true });
      linkAll(path.join(repository, path.relative('/cairn', source!)), place);
    } else if (from === 'build' && source === `/assembled/${target}`) {
      assemble(target, place);
    } else throw new Error(`the test does not know where ${String(from)} ${String(source)} comes from`);
  }
  return image;
}

export interface Running {
  readonly network: ImageNetwork;
  /** Where the images are assembled. */
  readonly folder: string;
  /** The folder of make-secrets.mjs. */
  readonly secrets: string;
  /** The folders of named volumes. */
  readonly volumes: string;
}

/** The command of an image, run as docker-compose.yml says, in what a container is made of. */
export class RunningImage {
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  private readonly child: ChildProcess;
  private text = '';

  constructor(
    private readonly at: Running,
    private readonly image: Image,
    private readonly target: string,
    private readonly service: ComposeService,
  ) {
    const [program, args, options] = this.entering([...image.entrypoint, ...(service.command ?? image.command)]);
    this.child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (chunk) => (this.text += String(chunk)));
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve({ code, signal })));
  }

  /** What it has written so far. */
  get output(): string {
    return this.text;
  }

  /** Once: what Docker would find. */
  isHealthy(): boolean {
    const [program, args, options] = this.entering(this.image.healthcheck!);
    return spawnSync(program, args, options).status === 0;
  }

  /** Runs something else in it. */
  run(command: readonly string[]) {
    const [program, args, options] = this.entering(command);
    return spawnSync(program, args, { ...options, encoding: 'utf8' });
  }

  stop(): void {
    this.child.kill(this.image.stopSignal as NodeJS.Signals);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private entering(command: readonly string[]): [string, string[], { env: Record<string, string> }] {
    const { network, folder, secrets, volumes } = this.at;
    const mounts = [
      ...(this.service.tmpfs ?? []).map((each) => `tmpfs:${each.split(':')[0]}`),
      ...(this.service.volumes ?? [])
        .map((each) => each.split(':'))
        .filter(([name]) => !name!.startsWith('.'))
        .map(([name, place]) => `${path.resolve(volumes, name!)}:${place}`),
    ];
    const own = this.service.secrets?.map((each) => (typeof each === 'string' ? each : each.source)) ?? [];
    const given = path.join(folder, `${this.target}-secrets`);
    fs.mkdirSync(given, { recursive: true });
    // Only those that it is given, and so that its user can read them, as Docker mounts them.
    for (const name of own) fs.copyFileSync(path.join(secrets, name), path.join(given, name));
    const image = path.join(folder, this.target);
    const user = this.service.user ?? this.image.user;
    const where = [String(network.holder), image, network.etc, given, process.execPath, user, this.image.workdir];
    const env = { PATH: process.env['PATH']!, ...this.image.environment, ...this.service.environment };
    return [ENTER, [...where, mounts.join(' '), '--', ...command], { env }];
  }
}
