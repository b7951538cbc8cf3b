using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Programs;

/// <summary>An nginx with a location for every filter that it has a counterpart of, and the upstream behind it; one for all tests of a class.</summary>
public sealed class EdgeNginx : IAsyncLifetime
{
    private readonly ScratchFolder _folder = new();
    private ExternalProgram? _nginx;

    /// <summary>Where it listens.</summary>
    public int Port { get; } = ExternalProgram.FreePort();

    /// <summary>Where it listens for hosts it knows and refuses all others.</summary>
    public int HostPort { get; } = ExternalProgram.FreePort();

    /// <summary>What copies of requests go to.</summary>
    internal TestUpstream Copies { get; } = TestUpstream.Start();

    /// <summary>What it forwards to: it answers with what it was asked, and with fields to be changed.</summary>
    internal TestUpstream Upstream { get; } = TestUpstream.Start(request => UpstreamResponse.Create(
        request.Target.Contains("fail", StringComparison.Ordinal) ? 500 : 200,
        $"{request.Method} {request.Target} {request.Headers["x-method"]} {request.Headers["x-gone"]} {request.Headers["content-length"]} one two one",
        ("Content-Type", "text/html"),
        ("X-Powered-By", "test"),
        ("Set-Cookie", "a=1; Domain=app.internal; Path=/app/x"),
        ("Set-Cookie", "b=2; Path=/other")));

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (ExternalProgram.Find("nginx") is not null)
        {
            _folder.Write("users", "ada:{PLAIN}s3cret\n");

            if (!OperatingSystem.IsWindows())
            {
                // Its workers are another user's.
                File.SetUnixFileMode(_folder.Path, (UnixFileMode)0b111_101_101);
            }

            _nginx = await Nginx.StartAsync(_folder, [Port, HostPort], Config());
        }
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_nginx is not null)
        {
            await _nginx.DisposeAsync();
        }

        await Upstream.DisposeAsync();
        await Copies.DisposeAsync();
        _folder.Dispose();
    }

    private string Config() => $$"""
        http {
          access_log off;
          client_body_temp_path {{_folder["body"]}};
          proxy_temp_path {{_folder["proxy"]}};
          fastcgi_temp_path {{_folder["fastcgi"]}};
          uwsgi_temp_path {{_folder["uwsgi"]}};
          scgi_temp_path {{_folder["scgi"]}};
          proxy_http_version 1.1;
          absolute_redirect off;
          default_type text/plain;
          server {
            listen 127.0.0.1:{{Port}};
            location /headers {
              proxy_set_header X-Method $request_method;
              proxy_set_header X-Gone "";
              proxy_hide_header X-Powered-By;
              add_header X-B b always;
              proxy_pass http://127.0.0.1:{{Upstream.Port}};
            }
            location /denied { deny 127.0.0.0/8; allow all; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /allowed { allow 127.0.0.1; deny all; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /moved { rewrite ^/moved/(\d+)$ /posts/$1 permanent; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /https { return 308 https://$host$request_uri; }
            location /u { rewrite ^/u/(\d+)$ /users/$1 break; rewrite ^/u/s/(.+)$ /search?q=$1 break; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /direct { return 410 "gone"; }
            location /errors { proxy_intercept_errors on; error_page 500 /page; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location = /page { internal; default_type text/html; return 500 "sorry"; }
            location /auth { auth_basic lab; auth_basic_user_file {{_folder["users"]}}; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /upload { client_max_body_size 5; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /cookies {
              proxy_cookie_path /app/ /;
              proxy_cookie_domain app.internal example.com;
              proxy_cookie_flags ~ secure samesite=lax;
              proxy_pass http://127.0.0.1:{{Upstream.Port}};
            }
            location /sub { sub_filter one 1; sub_filter_once off; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /secure {
              add_header X-Frame-Options SAMEORIGIN always;
              add_header Referrer-Policy strict-origin-when-cross-origin always;
              add_header X-Content-Type-Options nosniff always;
              add_header Content-Security-Policy "default-src 'self'" always;
              proxy_pass http://127.0.0.1:{{Upstream.Port}};
            }
            location /identified { add_header X-Request-Id $request_id always; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /buffered { proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location /mirrored { mirror /copy; proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
            location = /copy { internal; proxy_pass http://127.0.0.1:{{Copies.Port}}$request_uri; }
            location /agents { if ($http_user_agent ~* "sqlmap|bot") { return 403; } proxy_pass http://127.0.0.1:{{Upstream.Port}}; }
          }
          server { listen 127.0.0.1:{{HostPort}} default_server; return 421; }
          server { listen 127.0.0.1:{{HostPort}}; server_name example.com *.example.org; location / { proxy_pass http://127.0.0.1:{{Upstream.Port}}; } }
        }
        """;
}
