import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isProblem, ProblemError } from './api/client.ts';
import { App } from './app.tsx';
import './base.css';
import { LanguageProvider } from './i18n/language.tsx';
import { applyTheme, storedTheme } from './parts/theme.ts';

applyTheme(storedTheme());

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 1 && error instanceof ProblemError && error.problem.status === 0,
    },
  },
});
// Whatever answers "not signed in" means that the session is over: the sign-in page comes back.
queries.getQueryCache().subscribe(({ type, query }) => {
  if (type !== 'updated' || query.queryKey[0] === 'session') return;
  if (query.state.status === 'error' && isProblem(query.state.error, 'HD_NOT_SIGNED_IN')) {
    if (queries.getQueryData(['session']) !== null) queries.setQueryData(['session'], null);
  }
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root to draw in.');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <App />
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
);
