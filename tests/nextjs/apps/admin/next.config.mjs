import { appConfig } from '@example/shared/next-config';

export default appConfig('/admin', {
  redirects: async () => [{ source: '/people', destination: '/users/1', permanent: true }],
});
