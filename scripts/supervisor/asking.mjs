import { mintToken } from '@cairn/platform/identity';

/** The product said no; `code` is the refusal's or the error's. */
export class Refused extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/**
 * Asks the product as somebody of the embedded issuer.
 * @param {object} content of the issuer's file
 */
export async function askingAs(url, content, person) {
  const known = content.people.find((each) => each.person === person);
  const token = await mintToken(content, { person, tenant: known.tenant, name: known.name });

  const ask = async (query, variables) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(10_000),
    });
    const { data, errors } = await response.json();
    if (errors) throw new Refused({ code: errors[0].extensions?.code, message: errors[0].message });
    return data;
  };

  return {
    token,
    ask,
    /** Gives a command, under an id of its own. @throws {Refused} */
    async give(mutation, input) {
      const type = `${mutation[0].toUpperCase()}${mutation.slice(1)}Input`;
      const { result } = await ask(
        `mutation ($input: ${type}!) { result: ${mutation}(input: $input) { ... on CommandRefused { code message } } }`,
        { input: { commandId: crypto.randomUUID(), ...input } },
      );
      if (result.code) throw new Refused(result);
    },
  };
}
