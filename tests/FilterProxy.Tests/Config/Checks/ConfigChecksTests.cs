using Xunit;
using static FilterProxy.Tests.Config.ConfigText;

namespace FilterProxy.Tests.Config.Checks;

public sealed class ConfigChecksTests
{
    // Every route stands at line 5 column 5 of the document, its first key there.
    private const string Route = Basis + "routes:\n  - ";

    [Theory]
    [InlineData("{ match: { path: / } }", "c.yaml:5:5: the route does nothing (it needs one of cluster, clusters, redirect, respond)")]
    [InlineData("{ cluster: app, respond: {} }", "c.yaml:5:30: the route has 'cluster' and 'respond' (a route has exactly one of cluster, clusters, redirect, respond)")]
    [InlineData("{ cluster: ap }", "c.yaml:5:16: there is no cluster 'ap' (did you mean 'app'?)")]
    [InlineData("{ cluster: other }", "c.yaml:5:16: there is no cluster 'other' (clusters: app)")]
    [InlineData("{ clusters: [{ cluster: x }] }", "c.yaml:5:29: there is no cluster 'x' (clusters: app)")]
    [InlineData("{ clusters: [] }", "c.yaml:5:17: the weights of the clusters add up to 0")]
    [InlineData("{ clusters: [{ cluster: app, weight: 0 }] }", "c.yaml:5:17: the weights of the clusters add up to 0")]
    [InlineData("{ clusters: [{ cluster: app }, { cluster: app }] }", "c.yaml:5:47: cluster 'app' is here twice")]
    [InlineData("{ clusters: [{ cluster: app, weight: -1 }, { cluster: app2 }] }", "c.yaml:5:42: must be between 0 and 1000000", "c.yaml:5:59: there is no cluster 'app2' (did you mean 'app'?)")]
    [InlineData("{ clusters: [{ weight: 1 }] }", "c.yaml:5:18: missing option 'cluster' of routes[0].clusters[0]")]
    [InlineData("{ cluster: app, match: { listeners: [web, wbe] } }", "c.yaml:5:47: there is no listener 'wbe' (did you mean 'web'?)")]
    [InlineData("{ cluster: app, match: { path: [/a, b] } }", "c.yaml:5:41: expected a path that begins with '/', got 'b'")]
    [InlineData("{ cluster: app, match: { host: 'http://a' } }", "c.yaml:5:36: expected a host like 'example.com' or '*.example.com', got 'http://a'")]
    [InlineData("{ cluster: app, match: { methods: get } }", "c.yaml:5:39: methods are case-sensitive: 'get' never comes (did you mean 'GET'?)")]
    [InlineData("{ cluster: app, match: { methods: ['A B'] } }", "c.yaml:5:40: 'A B' cannot be a method")]
    [InlineData("{ cluster: app, match: { headers: { 'a b': x } } }", "c.yaml:5:41: 'a b' cannot be the name of a header")]
    [InlineData("{ cluster: app, match: { headers: { a: x, A: y } } }", "c.yaml:5:47: header 'A' is here twice (letter case does not count)")]
    [InlineData("{ cluster: app, match: { headers: { a: {} } } }", "c.yaml:5:44: expected exactly one of exact, prefix, regex, present")]
    [InlineData("{ cluster: app, match: { query: { a: { exact: x, prefix: y } } } }", "c.yaml:5:42: expected exactly one of exact, prefix, regex, present")]
    [InlineData("{ cluster: app, match: { query: { a: { regex: '(' } } } }", "c.yaml:5:51: Invalid pattern '(' at offset 1. Not enough )'s")]
    [InlineData("{ cluster: app, match: { query: { a: { regex: '(?=x)' } } } }", "c.yaml:5:51: this regular expression needs backtracking (look-around and back-references are not supported)")]
    [InlineData("{ cluster: app, rewrite: { path: /a, strip_prefix: /b } }", "c.yaml:5:30: path, regex and prefixes cannot be combined (use one of: path; regex; strip_prefix and add_prefix)")]
    [InlineData("{ cluster: app, rewrite: { strip_prefix: api } }", "c.yaml:5:46: expected a path that begins with '/', got 'api'")]
    [InlineData("{ cluster: app, rewrite: { regex: { pattern: 'a**', replacement: '' } } }", "c.yaml:5:50: Invalid pattern 'a**' at offset 3. Nested quantifier '*'")]
    [InlineData("{ cluster: app, rewrite: { regex: { pattern: a } } }", "c.yaml:5:39: missing option 'replacement' of routes[0].rewrite.regex")]
    [InlineData("{ respond: {}, rewrite: { path: /x } }", "c.yaml:5:29: a route that does not forward has nothing to rewrite")]
    [InlineData("{ redirect: {} }", "c.yaml:5:17: the redirect leads back to where it came from (set scheme, host, port or path)")]
    [InlineData("{ redirect: { status: 200, path: /x } }", "c.yaml:5:27: must be 301, 302, 303, 307 or 308")]
    [InlineData("{ redirect: { scheme: ftp } }", "c.yaml:5:27: must be 'http' or 'https'")]
    [InlineData("{ redirect: { port: 0 } }", "c.yaml:5:25: must be between 1 and 65535")]
    [InlineData("{ redirect: { host: a/b } }", "c.yaml:5:25: 'a/b' cannot be a host")]
    [InlineData("{ redirect: { path: x } }", "c.yaml:5:25: expected a path that begins with '/', got 'x'")]
    [InlineData("{ respond: { status: 600 } }", "c.yaml:5:26: must be between 200 and 599")]
    [InlineData("{ respond: { status: 100 } }", "c.yaml:5:26: must be between 200 and 599")]
    [InlineData("{ respond: { status: 204, body: x } }", "c.yaml:5:37: a 204 response has no body")]
    [InlineData("{ respond: { headers: { 'a:': x } } }", "c.yaml:5:29: 'a:' cannot be the name of a header")]
    [InlineData("{ respond: { headers: { a: \"x\\r\\ny\" } } }", "c.yaml:5:32: this cannot be the value of a header")]
    [InlineData("{ cluster: app, timeouts: { total: 30d } }", "c.yaml:5:40: total must be at most 24d ('off' is no limit)")]
    [InlineData("{ cluster: app, filters: [x: off] }", "c.yaml:5:31: there is no 'x' to turn off here (only a route turns off one of http.route_filters)")]
    [InlineData("{ clutser: app }", "c.yaml:5:5: the route does nothing (it needs one of cluster, clusters, redirect, respond)", "c.yaml:5:7: unknown option 'clutser' of routes[0] (did you mean 'cluster'?)")]
    public void A_route_that_cannot_work_is_refused(string route, params string[] errors) => AssertErrors(Route + route, errors);

    [Fact]
    public void Two_routes_cannot_have_one_name() =>
        AssertErrors(Route + "{ name: a, cluster: app }\n  - { name: a, cluster: app }", "c.yaml:6:13: another route is called 'a' (first at c.yaml:5:13)");

    [Theory]
    [InlineData("{}", "c.yaml:1:12: the configuration has no listeners (listeners: { web: { address: 0.0.0.0:8080 } })")]
    [InlineData("{ web: {} }", "c.yaml:1:19: missing option 'address' of listeners.web")]
    [InlineData("{ web: { address: localhost:80, source: dial } }", "c.yaml:1:30: a listener with a source has no address: its connections are the source's, and speak HTTP/2")]
    [InlineData("{ web: { source: dial, protocols: [http1] } }", "c.yaml:1:46: a listener with a source has no protocols: its connections are the source's, and speak HTTP/2")]
    [InlineData("{ web: { address: 8080 } }", "c.yaml:1:30: expected an address like '0.0.0.0:8080', got '8080' (did you mean '0.0.0.0:8080'?)")]
    [InlineData("{ a: { address: '0.0.0.0:80' }, b: { address: '0.0.0.0:80' } }", "c.yaml:1:58: listener 'a' already has the address 0.0.0.0:80 (first at c.yaml:1:28)")]
    [InlineData("{ a: { address: '0.0.0.0:80' }, b: { address: '127.0.0.1:80' } }", "c.yaml:1:58: listener 'a' already listens on 0.0.0.0:80, which overlaps with 127.0.0.1:80 (first at c.yaml:1:28)")]
    [InlineData("{ a: { address: '127.0.0.1:80' }, b: { address: '0.0.0.0:80' } }", "c.yaml:1:60: listener 'a' already listens on 127.0.0.1:80, which overlaps with 0.0.0.0:80 (first at c.yaml:1:28)")]
    [InlineData("{ a: { address: '[::]:80' }, b: { address: '10.0.0.1:80' } }", "c.yaml:1:55: listener 'a' already listens on [::]:80, which overlaps with 10.0.0.1:80 (first at c.yaml:1:28)")]
    [InlineData("{ a: { address: '[::]:80' }, b: { address: '0.0.0.0:80' } }", "c.yaml:1:55: listener 'a' already listens on [::]:80, which overlaps with 0.0.0.0:80 (first at c.yaml:1:28)")]
    [InlineData("{ a: { address: 'localhost:80' }, b: { address: '[::1]:80' } }", "c.yaml:1:60: listener 'a' already listens on localhost:80, which overlaps with [::1]:80 (first at c.yaml:1:28)")]
    [InlineData("{ a: { address: '127.0.0.1:80' }, b: { address: 'localhost:80' } }", "c.yaml:1:60: listener 'a' already listens on 127.0.0.1:80, which overlaps with localhost:80 (first at c.yaml:1:28)")]
    [InlineData("{ a: { address: 'unix:/run/a' }, b: { address: 'unix:/run/a' } }", "c.yaml:1:59: listener 'a' already has the address unix:/run/a (first at c.yaml:1:28)")]
    [InlineData("{ a b: { address: '0.0.0.0:80' } }", "c.yaml:1:14: 'a b' cannot be the name of a listener (letters, digits, '-', '_' and '.')")]
    [InlineData("{ web: { address: '0.0.0.0:80', protocols: [] } }", "c.yaml:1:55: a listener needs at least one protocol (http1 is the default)")]
    [InlineData("{ web: { address: '0.0.0.0:80', protocols: [http4] } }", "c.yaml:1:56: expected one of http1, http2, http3, got 'http4' (did you mean 'http1'?)")]
    [InlineData("{ web: { address: '0.0.0.0:80', io: fast } }", "c.yaml:1:48: expected one of auto, sockets, direct, got 'fast'")]
    [InlineData("{ web: { address: '0.0.0.0:80', limits: { header_count: 0 } } }", "c.yaml:1:68: must be between 1 and 10000")]
    [InlineData("{ web: { address: '0.0.0.0:80', limits: { request_head: 4KiB } } }",
        "c.yaml:1:68: header_size (16KiB) is larger than request_head (4KiB), which contains it",
        "c.yaml:1:68: request_line (8KiB) is larger than request_head (4KiB), which contains it")]
    public void A_listener_that_cannot_work_is_refused(string listeners, params string[] errors) => AssertErrors("listeners: " + listeners, errors);

    [Fact]
    public void Several_listeners_can_leave_the_port_to_the_system() =>
        Assert.Equal(2, Load("listeners: { a: { address: '127.0.0.1:0' }, b: { address: '127.0.0.1:0' } }").Listeners.Count);

    [Theory]
    [InlineData("127.0.0.1:80", "127.0.0.2:80")]
    [InlineData("0.0.0.0:80", "[::1]:80")]
    [InlineData("0.0.0.0:80", "127.0.0.1:81")]
    [InlineData("0.0.0.0:0", "127.0.0.1:0")]
    [InlineData("unix:/run/a", "unix:/run/b")]
    [InlineData("localhost:80", "unix:/run/b")]
    public void Addresses_that_do_not_overlap_stand_side_by_side(string one, string other) =>
        Assert.Equal(2, Load($"listeners: {{ a: {{ address: '{one}' }}, b: {{ address: '{other}' }} }}").Listeners.Count);

    [Theory]
    [InlineData("endpoints: []", "c.yaml:2:29: a cluster needs at least one endpoint")]
    [InlineData("pool: {}", "c.yaml:2:16: missing option 'endpoints' of clusters.c")]
    [InlineData("endpoints: app", "c.yaml:2:29: expected endpoints like [10.0.0.5:3002], or a source like 'dns: { … }', got 'app'")]
    [InlineData("endpoints: [app]", "c.yaml:2:30: 'app' has no port (write 'app:80')")]
    [InlineData("endpoints: ['a:80', 'b:x', 'c:0']",
        "c.yaml:2:38: expected an address like '10.0.0.5:3002' or 'https://app.internal', got 'b:x'",
        "c.yaml:2:45: an endpoint's port cannot be 0")]
    [InlineData("endpoints: { static: [app] }", "c.yaml:2:40: 'app' has no port (write 'app:80')")]
    [InlineData("endpoints: ['a:80', 'http://a']", "c.yaml:2:38: endpoint a:80 is here twice (give one a weight instead)")]
    [InlineData("endpoints: [{ address: 'a:80', weight: -1 }]", "c.yaml:2:57: must be between 0 and 1000000")]
    [InlineData("endpoints: [{ weight: 1 }]", "c.yaml:2:30: missing option 'address' of clusters.c.endpoints[0]")]
    [InlineData("endpoints: { dns: {}, file: {} }", "c.yaml:2:29: expected a component like 'name' or 'name: { options }', got a mapping with several keys")]
    [InlineData("endpoints: { dns: off }", "c.yaml:2:29: endpoints cannot be off")]
    [InlineData("endpoints: ['http://a'], tls: {}", "c.yaml:2:30: an http:// endpoint in a cluster with tls (write the host and port alone, or https://)")]
    [InlineData("endpoints: ['a:80'], tls:", "c.yaml:2:44: expected options, got nothing (write {} for the defaults)")]
    [InlineData("endpoints: ['a:80'], pool: { min: 5, max: 2 }", "c.yaml:2:52: min (5) is larger than max (2)")]
    [InlineData("endpoints: ['a:80'], pool: { max: -1 }", "c.yaml:2:52: must be 0 or more")]
    [InlineData("endpoints: ['a:80'], load_balancer: { random: off }", "c.yaml:2:54: a load balancer cannot be off")]
    [InlineData("endpoints: ['a:80'], host: ''", "c.yaml:2:45: '' cannot be a Host ('pass' sends the client's)")]
    [InlineData("endpoints: ['a:80'], connect_timeout: 60", "c.yaml:2:56: expected a duration like '250ms', got '60' (add a unit: '60s')")]
    [InlineData("endpoints: ['a:80'], conect_timeout: 5s", "c.yaml:2:39: unknown option 'conect_timeout' of clusters.c (did you mean 'connect_timeout'?)")]
    public void A_cluster_that_cannot_work_is_refused(string cluster, params string[] errors) =>
        AssertErrors(Listener + "clusters: { c: { " + cluster + " } }", errors);

    [Theory]
    [InlineData("limits: { request_head: 0 }", "c.yaml:2:33: must be between 1 and 1MiB")]
    [InlineData("limits: { response_head: 1GiB }", "c.yaml:2:34: must be between 1 and 1MiB")]
    [InlineData("limits: { request_line: 64KiB }", "c.yaml:2:33: request_line (64KiB) is larger than request_head (32KiB), which contains it")]
    [InlineData("limits: { connections: -1 }", "c.yaml:2:32: must be 0 or more")]
    [InlineData("limits: { idle_timeout: 25d }", "c.yaml:2:33: idle_timeout must be at most 24d ('off' is no limit)")]
    [InlineData("forwarding: { via: 'a b' }", "c.yaml:2:28: 'a b' cannot name a proxy in Via (letters, digits, '.' and '-'; or 'off')")]
    [InlineData("forwarding: { trusted_proxies: [10.0.0.0/8, all] }", "c.yaml:2:53: expected a network like '10.0.0.0/8', got 'all'")]
    [InlineData("underscores: keep", "c.yaml:2:22: expected one of allow, drop, reject, got 'keep'")]
    [InlineData("path: { normalization: off }", "c.yaml:2:32: expected one of normalize, reject, raw, got 'off'")]
    [InlineData("server_header: \"a\\nb\"", "c.yaml:2:24: this cannot be the value of a header")]
    public void What_http_cannot_be_is_refused(string http, string error) => AssertErrors(Listener + "http: { " + http + " }", error);

    [Theory]
    [InlineData("enabled: maybe", "c.yaml:2:22: expected true or false, got 'maybe'")]
    [InlineData("loop_lag: { shed: 2s }", "c.yaml:2:23: close must not be less than shed (the stages are entered one after the other)")]
    [InlineData("queue_time: { close: off, refuse: 1ms }", "c.yaml:2:47: refuse must not be less than shed and close (the stages are entered one after the other)")]
    [InlineData("memory: { close: 99 }", "c.yaml:2:21: refuse must not be less than shed and close (the stages are entered one after the other)")]
    [InlineData("memory: { refuse: 101 }", "c.yaml:2:31: must be between 0 and 100")]
    [InlineData("memory: { leave: 0 }", "c.yaml:2:30: must be between 1 and 100")]
    [InlineData("memory: { shed: 85% }", "c.yaml:2:29: expected a number, got '85%'")]
    [InlineData("descriptor: {}", "c.yaml:2:13: unknown option 'descriptor' of overload (did you mean 'descriptors'?)")]
    [InlineData("memory_limit: 0", "c.yaml:2:27: memory_limit must be more than 0 (leave it out for what there is)")]
    [InlineData("enter_after: 30d", "c.yaml:2:26: enter_after must be at most 24d ('off' is no limit)")]
    [InlineData("retry_after: 10ms", "c.yaml:2:26: retry_after must be at least 1s")]
    [InlineData("max_exchanges: -1", "c.yaml:2:28: must be 0 or more")]
    [InlineData("queue: { size: -1 }", "c.yaml:2:28: must be between 0 and 1000000")]
    [InlineData("queue: { target: 1s }", "c.yaml:2:30: target must be more than 0, and no more than interval and deadline")]
    [InlineData("queue: { deadline: off }", "c.yaml:2:20: target must be more than 0, and no more than interval and deadline")]
    public void What_overload_cannot_be_is_refused(string overload, string error) => AssertErrors(Listener + "overload: { " + overload + " }", error);

    [Theory]
    [InlineData("loop_lag: { shed: off, close: off, refuse: off }, memory: { refuse: 0 }, max_exchanges: 10, queue: { size: 0 }")]
    [InlineData("enabled: off, memory_limit: 1GiB, descriptors: { shed: 1, close: 1, refuse: 1 }")]
    public void What_overload_can_be_is_taken(string overload) => Load(Listener + "overload: { " + overload + " }");

    [Theory]
    [InlineData("urgent", "c.yaml:5:30: expected one of low, normal, high, got 'urgent'")]
    [InlineData("hihg", "c.yaml:5:30: expected one of low, normal, high, got 'hihg' (did you mean 'high'?)")]
    public void A_priority_that_there_is_not_is_refused(string priority, string error) => AssertErrors(Route + "{ respond: {}, priority: " + priority + " }", error);

    [Fact]
    public void One_error_does_not_hide_another_and_causes_no_further_ones() =>
        AssertErrors(
            """
            listners: {}
            listeners:
              web: { address: [1], protocols: http9 }
              api: { address: 0.0.0.0:80 }
            routes:
              - { name: a, cluster: good, match: { listeners: [web, nope] } }
              - { name: b, cluster: { x: 1 } }
              - { name: c, cluster: gone }
              - { name: d, cluster: [], redirect: { port: x } }
            clusters:
              good: { endpoints: [{ address: {} }], pool: 5 }
            """,
            "c.yaml:1:1: unknown option 'listners' (did you mean 'listeners'?)",
            "c.yaml:3:19: expected a text, got a list",
            "c.yaml:3:35: expected one of http1, http2, http3, got 'http9' (did you mean 'http1'?)",
            "c.yaml:6:57: there is no listener 'nope' (listeners: web, api)",
            "c.yaml:7:25: expected a text, got a mapping",
            "c.yaml:8:25: there is no cluster 'gone' (clusters: good)",
            "c.yaml:9:25: expected a text, got a list",
            "c.yaml:9:39: the route has 'cluster' and 'redirect' (a route has exactly one of cluster, clusters, redirect, respond)",
            "c.yaml:9:47: expected a whole number, got 'x'",
            "c.yaml:11:34: expected a text, got a mapping",
            "c.yaml:11:47: expected a mapping of options, got '5'");
}
