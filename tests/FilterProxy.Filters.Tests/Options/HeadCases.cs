namespace FilterProxy.Filters.Tests.Options;

/// <summary>Filters that read and change heads, or answer by them.</summary>
internal static class HeadCases
{
    private const string Ada = "authorization: Basic YWRhOnMzY3JldA==";

    public static readonly Dictionary<string, OptionCase[]> All = new()
    {
        ["Headers"] =
        [
            new("request: { set: { x-a: '%METHOD%' }, append: { x-b: two }, remove: [x-c] }", "GET /\nx-a: mine\nx-b: one\nx-c: c") { Has = ["x-a: GET", "x-b: one", "x-b: two"], Lacks = ["x-a: mine", "x-c"] },
            new("response: { set: { x-d: d }, append: { x-e: e }, remove: [x-powered-by] }", "GET /") { Has = ["x-d: d", "x-e: e"], Lacks = ["x-powered-by"] },
        ],
        ["Rewrite"] =
        [
            new(@"rules: [ { path: '/u/(\d+)', to: '/users/$1?a=b', keep_query: false } ]", "GET /u/12?q=1") { Has = ["GET /users/12?a=b\n"] },
            new("path: '/t%PATH(NQ)%', set_query: { a: x }, remove_query: [b], host: new.test", "GET /p?b=1&c=2") { Has = ["GET /t/p?", "a=x", "c=2", "host: new.test"], Lacks = ["b=1"] },
        ],
        ["Redirect"] =
        [
            new("https: true, https_port: 8443, status: 307", "GET /a") { Has = ["307\n", "location: https://a.test:8443/a\n"] },
            new("host: main.test", "GET /a") { Has = ["308\n", "://main.test/a\n"] },
            new("www: add", "GET /a") { Has = ["://www.a.test/a\n"] },
            new("trailing_slash: remove, except: [/keep]", "GET /a/") { Has = ["308\n"], Lacks = ["/a/\n"] },
            new("trailing_slash: remove, except: [/keep]", "GET /keep/") { Has = ["200\n", "GET /keep/\n"] },
            new("rules: [ { path: '/old/(.*)', to: /new/$1, status: 302, keep_query: false } ]", "GET /old/x?q=1") { Has = ["302\n", "/new/x\n"] },
        ],
        ["DirectResponse"] =
        [
            new("status: 418, body: 'hi %METHOD%', content_type: text/x, headers: { x-a: b }, methods: [GET], reason: teapot", "GET /") { Has = ["418\n", "hi GET", "content-type: text/x\n", "x-a: b\n", "x-filterproxy-reason: teapot\n"] },
            new("status: 418, methods: [GET]", "DELETE /") { Has = ["200\n", "DELETE /\n"] },
            new("file: FOLDER/page.html", "GET /") { Has = ["200\n", "<p>of all</p>"] },
        ],
        ["RequestId"] =
        [
            new("header: x-rid, format: hex, accept: false", "GET /\nx-rid: mine") { Has = ["x-rid: "], Lacks = ["x-rid: mine"] },
            new("header: x-rid, response: false", "GET /quiet\nx-rid: mine") { Lacks = ["x-rid"], Sees = "x-rid: mine" },
        ],
        ["SecurityHeaders"] =
        [
            new("csp: \"default-src 'self' 'nonce-{nonce}'\", csp_report_only: \"img-src 'self'\", nonce_header: x-n, frame: deny, referrer: no_referrer, no_sniff: false, permissions: camera=()", "GET /")
            {
                Has = ["content-security-policy: default-src 'self' 'nonce-", "content-security-policy-report-only: img-src 'self'\n", "x-n: ", "x-frame-options: DENY\n", "referrer-policy: no-referrer\n", "permissions-policy: camera=()\n"],
                Lacks = ["x-content-type-options"],
            },
            new("opener_policy: same-origin, embedder_policy: require-corp, resource_policy: same-site, frame: deny, override: true", "GET /framed")
            {
                Has = ["cross-origin-opener-policy: same-origin\n", "cross-origin-embedder-policy: require-corp\n", "cross-origin-resource-policy: same-site\n", "x-frame-options: DENY\n"],
                Lacks = ["x-frame-options: SAMEORIGIN"],
            },
            new("hsts: { enabled: true, max_age: 730d, include_subdomains: true, preload: true }", "GET /") { OverTls = true, Has = ["strict-transport-security: max-age=63072000; includeSubDomains; preload\n"] },
        ],
        ["Cookies"] =
        [
            new("names: [a*], path: { /app: / }, domain: { app.internal: example.com }, secure: true, http_only: true, same_site: strict", "GET /cookies")
            {
                Has = ["set-cookie: a=1;", "Path=/x", "Domain=example.com", "; Secure", "; HttpOnly", "; SameSite=Strict", "set-cookie: b=2; Path=/other\n"],
                Lacks = ["app.internal"],
            },
        ],
        ["Cors"] =
        [
            new(@"origins: ['https://app.test'], origin_regex: ['https://pr-\d+\.test'], methods: [PUT], headers: [x-a], credentials: true, private_network: true, max_age: 5m",
                "OPTIONS /\norigin: https://pr-7.test\naccess-control-request-method: PUT\naccess-control-request-headers: x-a\naccess-control-request-private-network: true")
            {
                Has =
                [
                    "access-control-allow-origin: https://pr-7.test\n", "access-control-allow-methods: PUT", "access-control-allow-headers: x-a", "access-control-allow-credentials: true\n",
                    "access-control-allow-private-network: true\n", "access-control-max-age: 300\n",
                ],
            },
            new("origins: ['https://app.test'], expose_headers: [x-b]", "GET /\norigin: https://app.test") { Has = ["access-control-allow-origin: https://app.test\n", "access-control-expose-headers: x-b\n"] },
            new("origins: ['https://app.test']", "GET /\norigin: https://evil.test") { Has = ["200\n"], Lacks = ["access-control-allow-origin"] },
        ],
        ["IpAccess"] =
        [
            new("allow: [10.0.0.0/8], status: 418", "GET /") { Has = ["418\n"] },
            new("deny: [127.0.0.0/8]", "GET /") { Has = ["403\n"] },
            new("allow_files: [FOLDER/near], deny_files: [FOLDER/far]", "GET /") { Has = ["200\n"] },
            new("deny_files: [FOLDER/near]", "GET /") { Has = ["403\n"] },
        ],
        ["UserAgentAccess"] =
        [
            new("deny: [bot], status: 418", "GET /\nuser-agent: a Bot") { Has = ["418\n"] },
            new("deny_regex: ['^curl/']", "GET /\nuser-agent: curl/8") { Has = ["403\n"] },
            new("allow: [mozilla], allow_regex: ['^opera']", "GET /\nuser-agent: Opera") { Has = ["200\n"] },
            new("deny: [bot], required: true", "GET /") { Has = ["403\n"] },
            new("crawlers: [ { name: a, agents: [bot], networks: [198.51.100.0/24] } ]", "GET /\nuser-agent: a bot") { Has = ["403\n"] },
            new("deny: [bot], crawlers: [ { name: a, agents: [bot], files: [FOLDER/near] } ]", "GET /\nuser-agent: a bot") { Has = ["200\n"] },
        ],
        ["HostAccess"] =
        [
            new("allow: ['*.a.test'], status: 404", "GET /") { Has = ["404\n"] },
            new("deny: [a.test]", "GET /") { Has = ["421\n"] },
            new(@"allow: [b.test], allow_regex: ['a\.te.t']", "GET /") { Has = ["200\n"] },
            new(@"deny_regex: ['a\..*']", "GET /") { Has = ["421\n"] },
        ],
        ["BasicAuth"] =
        [
            new("realm: lab, users: { ada: 'HASH' }, user_header: x-who, forward: true, remember: 1m, parallel: 1, queue: 1", $"GET /\n{Ada}", $"GET /\n{Ada}") { Has = ["200\n", "x-who: ada\n", Ada] },
            new("realm: lab, users: { ada: 'HASH' }", "GET /") { Has = ["401\n", "www-authenticate: Basic realm=\"lab\""] },
            new("users_file: FOLDER/users", $"GET /\n{Ada}") { Has = ["200\n", "x-user: ada\n"], Lacks = [Ada] },
        ],
        ["Fault"] =
        [
            new("abort: 418, abort_percent: 100, header: x-fault", "GET /\nx-fault: 1") { Has = ["418\n"] },
            new("abort: 418, header: x-fault", "GET /") { Has = ["200\n"] },
            new("delay: 10ms, delay_percent: 100, max_delayed: 1", "GET /") { Has = ["200\n"] },
        ],
        ["Mirror"] =
        [
            new("cluster: origin, percent: 100, max_body: 1KiB, max_in_flight: 10, timeout: 5s, header: x-copy", "POST /m\n\nbody") { Has = ["200\n", "POST /m\n"], Sees = "x-copy: " },
        ],
    };
}
