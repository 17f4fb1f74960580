import { titles } from '../alerts/queries.ts';
import type { App, Services } from '../services.ts';
import { problems } from '../system/answers.ts';
import { RuleList } from './schema.ts';

/** The loaded rules, and what was refused with its reason. */
export function ruleRoutes(app: App, { rules }: Services): void {
  app.get(
    '/api/v1/rules',
    { config: { access: 'signed-in' }, schema: { tags: ['rules'], response: { 200: RuleList, ...problems(401) } } },
    async () => ({
      rules: rules.rules.map((rule) => ({
        id: rule.id,
        title: titles(rule),
        kind: rule.kind,
        level: rule.level,
        status: rule.status,
        tags: [...rule.tags],
        file: rule.file,
      })),
      problems: rules.problems.map((problem) => ({ ...problem })),
    }),
  );
}
