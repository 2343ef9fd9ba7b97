import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { errors } from 'oidc-provider';
import { addressOf } from '../limits/client-address.js';
import { answerPage, escapeHtml } from './html.js';
import type { PasswordCheck } from './password-check.js';

/** Bytes of a form: a name, a password. */
const MAX_FORM = 4_096;
const TROUBLE = {
  wrong: { status: 401, text: 'The e-mail address or the password is wrong.' },
  'too many': { status: 429, text: 'There were too many tries. Wait five minutes, then try again.' },
};

/** The embedded issuer's page where people give their password: shown on GET, read on POST. */
export async function serveSignInForm(
  request: IncomingMessage,
  response: ServerResponse,
  provider: Provider,
  passwords: PasswordCheck,
): Promise<void> {
  let interaction: Interaction;
  try {
    // Also proves, by a signed cookie, that this browser began the sign-in.
    interaction = await provider.interactionDetails(request, response);
  } catch (error) {
    if (!(error instanceof errors.OIDCProviderError)) throw error;
    answerPage(response, 400, 'Sign in', '<p>This sign-in has ended. <a href="/">Begin again</a>.</p>');
    return;
  }
  const { uid } = interaction;
  if (request.method !== 'POST') {
    answerPage(response, 200, 'Sign in', form(uid));
    return;
  }
  const given = await readForm(request);
  const person = given?.get('person')?.trim() ?? '';
  const found = await passwords.check(addressOf(request), person, given?.get('password') ?? '');
  if (typeof found === 'string') {
    const { status, text } = TROUBLE[found];
    answerPage(response, status, 'Sign in', form(uid, person, text));
    return;
  }
  await forgetOthers(interaction, found.person, provider);
  await provider.interactionFinished(request, response, { login: { accountId: found.person, remember: false } });
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** Whoever signed in before with this browser is signed out of the issuer; the library would ask them to do so. */
async function forgetOthers(interaction: Interaction, person: string, provider: Provider): Promise<void> {
  const { session } = interaction;
  if (session === undefined || session.accountId === person) return;
  await (await provider.Session.findByUid(session.uid))?.destroy();
  delete interaction.session;
  await interaction.save(interaction.exp - Math.floor(Date.now() / 1_000));
}

const form = (uid: string, person = '', trouble = ''): string => `
      <form method="post" action="/oidc/interaction/${encodeURIComponent(uid)}" class="stacked">
        ${trouble && `<p role="alert" class="trouble" id="trouble">${escapeHtml(trouble)}</p>`}
        <label>E-mail address
          <input name="person" type="text" inputmode="email" autocomplete="username" autocapitalize="none"
            spellcheck="false" maxlength="100" required value="${escapeHtml(person)}" /></label>
        <label>Password
          <input name="password" type="password" autocomplete="current-password" maxlength="200" required /></label>
        <button type="submit">Sign in</button>
      </form>`;

/** @returns undefined when it is too long or no form */
async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FORM) return undefined;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
