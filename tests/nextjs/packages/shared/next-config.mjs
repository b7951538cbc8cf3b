/** What every app has in common. `basePath` is the path prefix the proxy routes to it, or undefined for the root app. */
export function appConfig(basePath, more = {}) {
  return {
    basePath,
    poweredByHeader: false,
    transpilePackages: ['@example/shared'],
    eslint: { ignoreDuringBuilds: true },
    // `next dev` refuses its own assets to pages of an origin it does not know. The browser sees the proxy's origin.
    allowedDevOrigins: ['127.0.0.1', 'localhost'],
    ...more,
  };
}
