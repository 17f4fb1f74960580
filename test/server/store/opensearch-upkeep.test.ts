import { keepingCases } from './opensearch-keeping.ts';
import { OPENSEARCH_3 } from './opensearch-node.ts';

keepingCases('OpenSearch 3', OPENSEARCH_3);
