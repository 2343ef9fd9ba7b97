/** What must hold of a document, and what it is called. */
export interface Policy<Document> {
  readonly name: string;
  /** @returns a line for each place that breaks it */
  readonly broken: (document: Document) => readonly string[];
}

export const brokenBy = <Document>(policies: readonly Policy<Document>[], document: Document): readonly string[] =>
  policies.flatMap(({ name, broken }) => broken(document).map((line) => `${name}: ${line}`));

/** A tag that names one release, and not whatever is newest. */
export const isPinned = (image: string): boolean => /:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/.test(image);

/** A variable that holds a secret, rather than the path of a file with one. */
export const isSecretVariable = (name: string): boolean =>
  /PASSWORD|SECRET|TOKEN|DATABASE_URL|PRIVATE_KEY|SIGNING_KEY$/.test(name) && !/_FILE$/.test(name);
