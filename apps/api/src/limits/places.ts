/** Counts what is open of a tenant and of each person in it: sockets, subscriptions, imports. */
export class Places {
  private readonly taken = new Map<string, number>();

  /** @returns gives the place back; undefined when there is none */
  take(tenant: string, person: string, limit: number, perPerson: number): (() => void) | undefined {
    const keys = [JSON.stringify([tenant]), JSON.stringify([tenant, person])];
    const [ofTenant, ofPerson] = keys.map((key) => this.taken.get(key) ?? 0);
    if (ofTenant! >= limit || ofPerson! >= perPerson) return undefined;
    for (const key of keys) this.taken.set(key, (this.taken.get(key) ?? 0) + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      for (const key of keys) {
        const left = this.taken.get(key)! - 1;
        if (left === 0) this.taken.delete(key);
        else this.taken.set(key, left);
      }
    };
  }
}
