namespace FilterProxy.Tests.Config;

/// <summary>A valid configuration that uses every part of the documented grammar.</summary>
internal static class FullConfig
{
    public const string Text = """
        runtime: { inline_completions: false, shutdown_grace: 1m }
        samples: false
        plugins:
          - RateLimit
          - JwtAuth: { sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef }
        plugin_path: ./plugins
        admin: { address: localhost:9901, token: "${ADMIN_TOKEN:-0123456789abcdef}", allowed_hosts: [admin.internal] }
        http:
          filters: [request_id]
          route_filters:
            - access_log: { format: json }
            - rate_limit: { permits: 1000, window: 1s }
          forwarding:
            trusted_proxies: [10.0.0.0/8, "::1", 192.0.2.7]
            x_forwarded: true
            forwarded: true
            via: off
            request_id: false
          limits: &limits
            request_line: 4KiB
            request_head: 16KiB
            header_count: 50
            header_size: 8KiB
            request_body: off
            header_timeout: 5s
            idle_timeout: 1m
            body_timeout: 30s
            write_timeout: off
            connections: 0
            requests_per_connection: 1000
            response_head: 128KiB
            upgrade_idle_timeout: 1h
          underscores: allow
          path: { normalization: reject, merge_slashes: false, encoded_slashes: decode }
          allow_connect: true
          server_header: filterproxy
        listeners:
          web:
            address: 0.0.0.0:${PORT:-8080}
            io: sockets
            protocols: [http1, http2]
            filters:
              - proxy_protocol: {}
              - tls: { certificates: { file: { path: certs/site.pem } } }
            limits: { idle_timeout: 5s }
            forwarding: { trusted_proxies: [] }
          v6: { address: "[::]:443", protocols: http3 }
          local: { address: localhost:8081, limits: { <<: *limits, connections: 5 } }
          socket: { address: unix:/run/proxy.sock }
        routes:
          - name: admin
            match:
              host: [example.com, "*.example.com"]
              path: /admin/*
              methods: [GET, POST]
              headers: { x-tenant: acme, x-debug: { present: false }, x-version: { regex: "[0-9]+" } }
              query: { v: { exact: "2" }, p: { prefix: a } }
              listeners: [web, v6]
            order: -1
            filters:
              - access_log: off
              - rate_limit: { permits: 100 }
              - rate_limit/login: { permits: 5, window: 1m, key: "%DOWNSTREAM_REMOTE_ADDRESS%" }
            cluster: admin-portal
            rewrite: { strip_prefix: /admin, add_prefix: /v1, host: admin.internal }
            timeouts: { total: 30s, response: 5s, read: off }
          - match: { path: "/split/{rest*}" }
            clusters: [{ cluster: admin-portal, weight: 9 }, { cluster: discovered }]
            rewrite: { path: "/{rest}" }
          - match: { path: /re/* }
            cluster: admin-portal
            rewrite: { regex: { pattern: "^/re/([0-9]+)", replacement: "/r/$1" } }
          - match: { path: /old/* }
            redirect: { status: 308, scheme: https, host: example.com, port: 8443, path: /new, strip_query: true }
          - match: { path: /ping }
            respond: { status: 200, body: pong, content_type: text/plain, headers: { cache-control: no-store } }
          - match: { path: /ping }
            respond: {}
          - match: { methods: [PUT], host: a.b }
            respond: { status: 405 }
        clusters:
          admin-portal:
            load_balancer: least_requests
            endpoints:
              - 10.0.0.5:3002
              - app.internal:3002
              - https://secure.internal
              - unix:/run/app.sock
              - { address: "[::1]:3002", weight: 2, priority: 1, labels: { zone: a } }
            pool: { min: 1, max: 100, max_idle: 10, idle_timeout: 30s, lifetime: off }
            tls: { server_name: internal, insecure: true, ca: certs/ca.pem }
            host: admin.internal
            connect_timeout: 1s
            response_timeout: 10s
            read_timeout: 20s
            write_timeout: 30s
            dns_refresh: off
          discovered:
            load_balancer: { ring_hash: { size: 1024 } }
            endpoints: { dns: { host: admin.internal, port: 3002 } }
          named: { endpoints: { static: [10.0.0.5:5432] } }
          single: { endpoints: http://10.0.0.5 }
        """;
}
