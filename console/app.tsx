import { lazy, Suspense } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import type { Session } from '../server/accounts/schema.ts';
import { AlertPage } from './alert/alert-page.tsx';
import { AlertsPage } from './alerts/alerts-page.tsx';
import { LiveProvider } from './api/live.tsx';
import { useOverview, useSession } from './api/queries.ts';
import { FormatProvider, useText } from './i18n/language.tsx';
import { Frame } from './parts/frame.tsx';
import { Empty, ProblemNotice, Progress } from './parts/states.tsx';
import { ToastProvider } from './parts/toasts.tsx';
import { REPORT_KINDS } from './reports/queries.ts';
import { RequestsNews } from './requests/news.tsx';
import { SetupPage } from './sign-in/setup-page.tsx';
import { SignInPage } from './sign-in/sign-in-page.tsx';
import { TasksNews } from './tasks/news.tsx';

const IncidentsPage = lazy(() =>
  import('./incidents/incidents-page.tsx').then((page) => ({ default: page.IncidentsPage })),
);
const IncidentPage = lazy(() =>
  import('./incidents/incident-page.tsx').then((page) => ({ default: page.IncidentPage })),
);
const NoticesPage = lazy(() => import('./notify/notices-page.tsx').then((page) => ({ default: page.NoticesPage })));
const RequestsPage = lazy(() =>
  import('./requests/requests-page.tsx').then((page) => ({ default: page.RequestsPage })),
);
const RequestPage = lazy(() => import('./requests/request-page.tsx').then((page) => ({ default: page.RequestPage })));
const ReportPage = lazy(() => import('./reports/report-page.tsx').then((page) => ({ default: page.ReportPage })));
const ReportFormPage = lazy(() => import('./reports/form-page.tsx').then((page) => ({ default: page.ReportFormPage })));
const BoardPage = lazy(() => import('./board/board-page.tsx').then((page) => ({ default: page.BoardPage })));
const BoardItemPage = lazy(() =>
  import('./board/board-item-page.tsx').then((page) => ({ default: page.BoardItemPage })),
);
const BoardIndicatorsPage = lazy(() =>
  import('./board/board-indicators-page.tsx').then((page) => ({ default: page.BoardIndicatorsPage })),
);
const TasksPage = lazy(() => import('./tasks/tasks-page.tsx').then((page) => ({ default: page.TasksPage })));
const SharingPage = lazy(() => import('./sharing/sharing-page.tsx').then((page) => ({ default: page.SharingPage })));
const PreviewPage = lazy(() => import('./sharing/preview-page.tsx').then((page) => ({ default: page.PreviewPage })));
const VersionPage = lazy(() => import('./sharing/version-page.tsx').then((page) => ({ default: page.VersionPage })));
const SearchPage = lazy(() => import('./search/search-page.tsx').then((page) => ({ default: page.SearchPage })));
const LedgerPage = lazy(() => import('./ledger/ledger-page.tsx').then((page) => ({ default: page.LedgerPage })));
const ShiftsPage = lazy(() => import('./shifts/shifts-page.tsx').then((page) => ({ default: page.ShiftsPage })));
const AccountPage = lazy(() => import('./users/account-page.tsx').then((page) => ({ default: page.AccountPage })));
const AuditPage = lazy(() => import('./audit/audit-page.tsx').then((page) => ({ default: page.AuditPage })));
const BackupsPage = lazy(() => import('./health/backups-page.tsx').then((page) => ({ default: page.BackupsPage })));
const HealthPage = lazy(() => import('./health/health-page.tsx').then((page) => ({ default: page.HealthPage })));
const FirstRunPage = lazy(() => import('./setup/first-run-page.tsx').then((page) => ({ default: page.FirstRunPage })));
const UsersPage = lazy(() => import('./users/users-page.tsx').then((page) => ({ default: page.UsersPage })));
const AgenciesPage = lazy(() =>
  import('./agencies/agencies-page.tsx').then((page) => ({ default: page.AgenciesPage })),
);
const AssetsPage = lazy(() => import('./assets/assets-page.tsx').then((page) => ({ default: page.AssetsPage })));
const FleetPage = lazy(() => import('./fleet/fleet-page.tsx').then((page) => ({ default: page.FleetPage })));
const ParsersPage = lazy(() => import('./parsers/parsers-page.tsx').then((page) => ({ default: page.ParsersPage })));
const ParserPage = lazy(() => import('./parsers/parser-page.tsx').then((page) => ({ default: page.ParserPage })));
const NewParserPage = lazy(() => import('./parsers/parser-page.tsx').then((page) => ({ default: page.NewParserPage })));
const RetentionPage = lazy(() =>
  import('./retention/retention-page.tsx').then((page) => ({ default: page.RetentionPage })),
);
const RulesPage = lazy(() => import('./rule-list/rules-page.tsx').then((page) => ({ default: page.RulesPage })));
const RulePage = lazy(() => import('./rule-list/rule-page.tsx').then((page) => ({ default: page.RulePage })));
const NewRulePage = lazy(() => import('./rule-list/new-rule-page.tsx').then((page) => ({ default: page.NewRulePage })));
const ImportPage = lazy(() => import('./rule-import/import-page.tsx').then((page) => ({ default: page.ImportPage })));
const IndicatorsPage = lazy(() =>
  import('./indicators/indicators-page.tsx').then((page) => ({ default: page.IndicatorsPage })),
);
const AttackPage = lazy(() => import('./rule-list/attack-page.tsx').then((page) => ({ default: page.AttackPage })));

function NotFound() {
  const t = useText();
  return <Empty title={t('app.noPage')} />;
}

/** Where one lands: on the queue, or at the national center on the board of provinces. */
function Home({ me }: { readonly me: Session }) {
  const overview = useOverview();
  if (overview.isPending) return <Progress busy />;
  const isCenter = overview.data?.role === 'national' && me.permissions.includes('board.read') && me.agencies === 'all';
  return <Redirect to={isCenter ? '/board' : '/alerts'} replace />;
}

/** The whole console: sign-in and set-up without a session, all else with one. */
export function App() {
  return (
    <Switch>
      <Route path="/setup">
        <SetupPage />
      </Route>
      <Route>
        <SignedIn />
      </Route>
    </Switch>
  );
}

function SignedIn() {
  const session = useSession();
  if (session.isPending) return <Progress busy />;
  if (session.isError) {
    return (
      <main className="mx-auto max-w-xl p-4">
        <ProblemNotice error={session.error} retry={() => session.refetch()} />
      </main>
    );
  }
  const me = session.data;
  if (me === null) return <SignInPage />;
  return (
    <FormatProvider>
      {/* The feed ends when rights change: a new one begins with the new ones. */}
      <LiveProvider key={`${me.user} ${me.role} ${JSON.stringify(me.agencies)}`}>
        <ToastProvider>
          <RequestsNews me={me} />
          <TasksNews />
          <Frame session={me}>
            <Suspense fallback={<Progress busy />}>
              <Switch>
                <Route path="/">
                  <Home me={me} />
                </Route>
                <Route path="/alerts">
                  <AlertsPage me={me} />
                </Route>
                <Route path="/alerts/:id">{({ id }) => <AlertPage key={id} id={id} me={me} />}</Route>
                <Route path="/incidents">
                  <IncidentsPage me={me} />
                </Route>
                {me.permissions.includes('reports.write') && (
                  <Route path="/incidents/:id/report/:kind">
                    {({ id, kind: asked }) => {
                      const kind = REPORT_KINDS.find((one) => one === asked) ?? 'initial';
                      return <ReportPage key={`${id} ${kind}`} incident={id} kind={kind} me={me} />;
                    }}
                  </Route>
                )}
                {me.permissions.includes('setup.manage') && me.agencies === 'all' && (
                  <Route path="/reports/form" component={ReportFormPage} />
                )}
                <Route path="/requests" component={RequestsPage} />
                <Route path="/requests/:id">{({ id }) => <RequestPage key={id} id={id} me={me} />}</Route>
                <Route path="/incidents/:id">{({ id }) => <IncidentPage key={id} id={id} me={me} />}</Route>
                <Route path="/notices">
                  <NoticesPage me={me} />
                </Route>
                {me.permissions.includes('sharing.read') && me.agencies === 'all' && (
                  <Route path="/sharing" component={SharingPage} />
                )}
                {me.permissions.includes('board.read') && me.agencies === 'all' && (
                  <Route path="/board" component={BoardPage} />
                )}
                {me.permissions.includes('board.read') && me.agencies === 'all' && (
                  <Route path="/board/indicators" component={BoardIndicatorsPage} />
                )}
                {me.permissions.includes('board.read') && me.agencies === 'all' && (
                  <Route path="/board/:id">{({ id }) => <BoardItemPage key={id} id={id} me={me} />}</Route>
                )}
                {me.permissions.includes('inbound.read') && me.agencies === 'all' && (
                  <Route path="/tasks">
                    <TasksPage me={me} />
                  </Route>
                )}
                <Route path="/incidents/:id/share/:recipient">
                  {({ id, recipient }) => (
                    <PreviewPage key={`${id} ${recipient}`} id={id} recipient={recipient} me={me} />
                  )}
                </Route>
                <Route path="/incidents/:id/share/:recipient/:number">
                  {({ id, recipient, number }) => (
                    <VersionPage
                      key={`${id} ${recipient} ${number}`}
                      id={id}
                      recipient={recipient}
                      number={Number(number)}
                      me={me}
                    />
                  )}
                </Route>
                {me.permissions.includes('events.read') && <Route path="/search" component={SearchPage} />}
                <Route path="/ledger" component={LedgerPage} />
                <Route path="/shifts">
                  <ShiftsPage me={me} />
                </Route>
                <Route path="/retention">
                  <RetentionPage me={me} />
                </Route>
                <Route path="/rules">
                  <RulesPage me={me} />
                </Route>
                <Route path="/rules/attack" component={AttackPage} />
                {me.permissions.includes('rules.change') && me.agencies === 'all' && (
                  <Route path="/rules/new" component={NewRulePage} />
                )}
                {me.permissions.includes('rules.change') && me.agencies === 'all' && (
                  <Route path="/rules/import" component={ImportPage} />
                )}
                <Route path="/indicators">
                  <IndicatorsPage me={me} />
                </Route>
                <Route path="/rules/:id">{({ id }) => <RulePage key={id} id={id} me={me} />}</Route>
                <Route path="/agencies">
                  <AgenciesPage me={me} />
                </Route>
                <Route path="/assets">
                  <AssetsPage me={me} />
                </Route>
                <Route path="/fleet">
                  <FleetPage me={me} />
                </Route>
                {me.permissions.includes('parsers.read') && me.agencies === 'all' && (
                  <Route path="/parsers">
                    <ParsersPage me={me} />
                  </Route>
                )}
                {me.permissions.includes('parsers.write') && me.agencies === 'all' && (
                  <Route path="/parsers/new" component={NewParserPage} />
                )}
                {me.permissions.includes('parsers.read') && me.agencies === 'all' && (
                  <Route path="/parsers/:name">{({ name }) => <ParserPage key={name} name={name} me={me} />}</Route>
                )}
                <Route path="/account">
                  <AccountPage me={me} />
                </Route>
                {me.permissions.includes('audit.read') && me.agencies === 'all' && (
                  <Route path="/audit" component={AuditPage} />
                )}
                {me.permissions.includes('health.read') && me.agencies === 'all' && (
                  <Route path="/health" component={HealthPage} />
                )}
                {me.permissions.includes('backups.run') && me.agencies === 'all' && (
                  <Route path="/backups" component={BackupsPage} />
                )}
                {me.permissions.includes('setup.manage') && me.agencies === 'all' && (
                  <Route path="/first-run">
                    <FirstRunPage me={me} />
                  </Route>
                )}
                {me.permissions.includes('users.change') && (
                  <Route path="/users">
                    <UsersPage me={me} />
                  </Route>
                )}
                <Route component={NotFound} />
              </Switch>
            </Suspense>
          </Frame>
        </ToastProvider>
      </LiveProvider>
    </FormatProvider>
  );
}
