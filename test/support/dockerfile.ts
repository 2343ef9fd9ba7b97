import fs from 'node:fs';
import path from 'node:path';
import { type Copy as CopyInstruction, DockerfileParser, type Instruction } from 'dockerfile-ast';
import { repository } from './launched-cairn.js';

/** What a target of infra/images/Dockerfile comes to, as far as it says so itself. */
export interface Image {
  readonly environment: Readonly<Record<string, string>>;
  /** ENTRYPOINT and CMD. */
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly workdir: string;
  /** uid:gid */
  readonly user: string;
  readonly stopSignal: string;
  /** Undefined: none is made. */
  readonly healthcheck: readonly string[] | undefined;
  readonly copies: readonly Copy[];
}

export interface Copy {
  /** The stage; undefined: the repository. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export interface Stage {
  readonly name: string | undefined;
  /** An image, or another stage. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

export const DOCKERFILE = path.join(repository, 'infra/images/Dockerfile');

/** Its stages, in order. */
export function stagesOf(text: string): readonly Stage[] {
  const stages: { name: string | undefined; from: string; instructions: Instruction[] }[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const [from, , name] = wordsOf(instruction);
      stages.push({ from: from!, name, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** @throws Error when there is no such stage */
export function imageOf(target: string, text = fs.readFileSync(DOCKERFILE, 'utf8')): Image {
  const image = {
    environment: {} as Record<string, string>,
    entrypoint: [] as string[],
    command: [] as string[],
    workdir: '/',
    user: '0:0',
    stopSignal: 'SIGTERM',
    healthcheck: undefined as string[] | undefined,
    copies: [] as Copy[],
  };
  for (const instruction of chainOf(target, stagesOf(text))) {
    const content = instruction.getArgumentsContent() ?? '';
    switch (instruction.getKeyword()) {
      case 'ENV':
        for (const word of wordsOf(instruction)) {
          const [name, ...value] = word.split('=');
          image.environment[name!] = value.join('=');
        }
        break;
      case 'ENTRYPOINT':
        image.entrypoint = JSON.parse(content) as string[];
        break;
      case 'CMD':
        image.command = JSON.parse(content) as string[];
        break;
      case 'WORKDIR':
        image.workdir = content;
        break;
      case 'USER':
        image.user = content;
        break;
      case 'STOPSIGNAL':
        image.stopSignal = content;
        break;
      case 'HEALTHCHECK':
        image.healthcheck = content === 'NONE' ? undefined : (JSON.parse(content.replace(/^.*?CMD /, '')) as string[]);
        break;
      case 'COPY':
        image.copies.push(copyOf(instruction));
        break;
      default:
    }
  }
  return image;
}

/** All instructions of a stage and of those it is made from, the first ones first. */
function chainOf(target: string, stages: readonly Stage[]): readonly Instruction[] {
  const stage = stages.find(({ name }) => name === target);
  if (!stage) throw new Error(`there is no stage ${target}`);
  const before = stages.some(({ name }) => name === stage.from) ? chainOf(stage.from, stages) : [];
  return [...before, ...stage.instructions];
}

function copyOf(instruction: Instruction): Copy {
  const paths = wordsOf(instruction);
  const flags = (instruction as CopyInstruction).getFlags();
  return {
    from: flags.find((flag) => flag.getName() === 'from')?.getValue() ?? undefined,
    sources: paths.slice(0, -1),
    target: paths.at(-1)!,
  };
}

/** A command without what tells the builder how to run it. */
export function shellOf(instruction: Instruction): string {
  return (instruction.getArgumentsContent() ?? '').replace(/^(--\S+\s+)+/, '').replaceAll(/\\\n/g, '');
}

const wordsOf = (instruction: Instruction): string[] => instruction.getArguments().map((word) => word.getValue());
