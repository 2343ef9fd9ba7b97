/** A browser, as far as a sign-in needs one: it keeps cookies by path, and follows redirects only when told. */
export class Browser {
  private readonly jar = new Map<string, { readonly value: string; readonly path: string }>();

  constructor(private readonly origin: string) {}

  get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.ask(url, { headers });
  }

  /** Sends a form. @param from the origin of the page that it is on */
  post(url: string, fields: Readonly<Record<string, string>>, from = this.origin): Promise<Response> {
    return this.ask(url, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: from } });
  }

  /** Follows redirects until something else is answered, or one leads to what `until` matches. */
  async follow(response: Response, until = /^$/): Promise<Response> {
    let last = response;
    while (last.headers.has('location') && !until.test(last.headers.get('location')!)) {
      last = await this.get(new URL(last.headers.get('location')!, last.url).href);
    }
    return last;
  }

  /** Another one with the same cookies. */
  copy(): Browser {
    const twin = new Browser(this.origin);
    for (const [name, cookie] of this.jar) twin.jar.set(name, cookie);
    return twin;
  }

  has(name: string): boolean {
    return this.jar.has(name);
  }

  cookiesFor(path: string): string {
    const fit = [...this.jar].filter(([, cookie]) => path.startsWith(cookie.path));
    return fit.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  private async ask(
    to: string,
    { headers, ...init }: { method?: string; body?: URLSearchParams; headers: Readonly<Record<string, string>> },
  ): Promise<Response> {
    const url = new URL(to, this.origin);
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: this.cookiesFor(url.pathname), ...headers },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value, attributes] = /^([^=]+)=([^;]*)(.*)$/.exec(line)!;
      const path = /; ?path=([^;]+)/i.exec(attributes!)?.[1] ?? '/';
      if (value === '' || /max-age=0|01 Jan 1970/i.test(attributes!)) this.jar.delete(name!);
      else this.jar.set(name!, { value: value!, path });
    }
    return response;
  }
}

/** Where the form of a page is sent to. */
export const formOf = (page: string): string => / action="([^"]+)"/.exec(page)![1]!;
