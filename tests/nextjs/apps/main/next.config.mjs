import { appConfig } from '@example/shared/next-config';

export default appConfig(undefined, {
  redirects: async () => [{ source: '/old-items/:id', destination: '/items/:id', permanent: true }],
});
