// Lints texts as if they stood at the given paths: [{ path, code }] in, the names of the rules broken by each out. The
// rules that need types are off, because a file that does not exist has none. A process of its own keeps ESLint and
// the TypeScript that it loads out of Jest's module registry.
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const eslint = new ESLint({
  overrideConfig: [
    tseslint.configs.disableTypeChecked,
    { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
  ],
});
const texts = JSON.parse(await new Response(process.stdin).text());
const broken = await Promise.all(
  texts.map(async ({ path, code }) => {
    const [result] = await eslint.lintText(code, { filePath: path });
    return result.messages.map((each) => each.ruleId ?? each.message);
  }),
);
process.stdout.write(JSON.stringify(broken));
