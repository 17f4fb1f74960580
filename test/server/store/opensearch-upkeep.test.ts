import { OPENSEARCH_3 } from './opensearch-install.ts';
import { keepingCases } from './opensearch-keeping.ts';

keepingCases('OpenSearch 3', OPENSEARCH_3);
