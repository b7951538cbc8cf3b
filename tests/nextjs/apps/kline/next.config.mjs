import { appConfig } from '@example/shared/next-config';

// The one app with trailing slashes: /kline/report is redirected to /kline/report/, in the others it is the other way round.
export default appConfig('/kline', {
  trailingSlash: true,
  redirects: async () => [{ source: '/chart', destination: '/symbols/btc/', permanent: false }],
});
