using System.Net;
using FilterProxy.Filters.Tests.Programs;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>nginx with libmodsecurity, the reference implementation of the language, and the files <see cref="CoreRules"/> reads.</summary>
internal sealed class ModSecurity : IAsyncDisposable
{
    private const string Module = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so";

    private readonly ScratchFolder _folder = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });
    private readonly int _port = ExternalProgram.FreePort();
    private ExternalProgram? _nginx;

    public static bool IsInstalled => CoreRules.IsInstalled && File.Exists(Module) && ExternalProgram.Find("nginx") is not null;

    public static async Task<ModSecurity> StartAsync()
    {
        var server = new ModSecurity();
        try
        {
            await server.StartNginxAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The status it answers with: 200 where nothing is refused.</summary>
    public async Task<int> AskAsync(BenignRequest request)
    {
        var target = new Uri($"http://127.0.0.1:{_port}{request.Target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), target);
        foreach (var (name, value) in CoreRules.Browser)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        if (request.Body is { } body)
        {
            message.Content = new ByteArrayContent(body);
            message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        }

        using var response = await _client.SendAsync(message);
        return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest
            ? (int)response.StatusCode
            : throw new InvalidOperationException($"nginx answered {response.StatusCode} to {request}:\n{_nginx!.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_nginx is not null)
        {
            await _nginx.DisposeAsync();
        }

        _client.Dispose();
        _folder.Dispose();
    }

    private async Task StartNginxAsync()
    {
        // It must be told to read JSON, which FilterProxy does by the media type.
        var rules = _folder.Write("rules.conf", $"""
            SecRuleEngine On
            SecRule REQUEST_HEADERS:Content-Type "^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
            {string.Join('\n', CoreRules.Files.Select(file => $"Include {file}"))}
            SecAuditEngine Off
            """);

        // "return" answers before a body is inspected: the second server is what stands behind the firewall.
        var config = _folder.Write("nginx.conf", $$"""
            load_module {{Module}};
            daemon off;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            worker_processes 1;
            pid {{_folder["nginx.pid"]}};
            events { worker_connections 64; }
            http {
              access_log off;
              client_max_body_size 16m;
              client_body_temp_path {{_folder["body"]}};
              proxy_temp_path {{_folder["proxy"]}};
              fastcgi_temp_path {{_folder["fastcgi"]}};
              uwsgi_temp_path {{_folder["uwsgi"]}};
              scgi_temp_path {{_folder["scgi"]}};
              server {
                listen 127.0.0.1:{{_port}};
                modsecurity on;
                modsecurity_rules_file {{rules}};
                location / { proxy_pass http://unix:{{_folder["app.sock"]}}; }
              }
              server { listen unix:{{_folder["app.sock"]}}; location / { return 200 "fine"; } }
            }
            """);
        _nginx = await ExternalProgram.StartAsync("nginx", ["-p", _folder.Path, "-c", config, "-e", _folder["error.log"]], _folder.Path, [_port]);
    }
}
