import { appConfig } from '@example/shared/next-config';

export default appConfig('/oauth', {
  redirects: async () => [{ source: '/login', destination: '/', permanent: false }],
});
