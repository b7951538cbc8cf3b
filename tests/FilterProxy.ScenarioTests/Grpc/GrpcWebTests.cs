using System.Text.Json;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.Grpc;

/// <summary>gRPC-Web from a page in a browser through the filter to a gRPC service.</summary>
public sealed class GrpcWebTests(GrpcFixture grpc) : IClassFixture<GrpcFixture>
{
    // What a generated client does: a frame around the message, and frames out of the answer as they come.
    private const string Call = """
        async ([method, text, message, origin]) => {
          const frame = new Uint8Array([0, 0, 0, 0, message.length, ...message]);
          const type = text ? "application/grpc-web-text" : "application/grpc-web+proto";
          const answer = await fetch((origin ?? "") + "/filterproxy.test.Echo/" + method, {
            method: "POST",
            headers: { "content-type": type, accept: type, "x-grpc-web": "1" },
            body: text ? btoa(String.fromCharCode(...frame)) : frame,
          });
          let bytes = [];
          const reader = answer.body.getReader();
          let reads = 0;
          for (let read = await reader.read(); !read.done; read = await reader.read()) {
            bytes.push(...read.value);
            reads++;
          }
          if (text) {
            const groups = String.fromCharCode(...bytes).match(/[^=]+=*/g) ?? [];
            bytes = groups.flatMap((group) => [...atob(group)].map((c) => c.charCodeAt(0)));
          }
          const messages = [];
          let trailers = "";
          while (bytes.length > 0) {
            const length = (bytes[1] << 24) | (bytes[2] << 16) | (bytes[3] << 8) | bytes[4];
            const content = bytes.slice(5, 5 + length);
            if (bytes[0] & 0x80) trailers = String.fromCharCode(...content);
            else messages.push(content);
            bytes = bytes.slice(5 + length);
          }
          return {
            status: answer.status, type: answer.headers.get("content-type"), header: answer.headers.get("grpc-status"),
            message: answer.headers.get("grpc-message"), messages: JSON.stringify(messages), trailers, reads,
          };
        }
        """;

    // Request { name: "hi" }, StreamOutRequest { parts: [{ size: 3 }, { size: 2, delay: 200 }] }, Request { status: { code: 5, message: "no" } }
    private static readonly int[] Named = [0x22, 2, 'h', 'i'];
    private static readonly int[] TwoParts = [0x0A, 2, 0x08, 3, 0x0A, 5, 0x08, 2, 0x10, 0xC8, 0x01];
    private static readonly int[] Failing = [0x1A, 6, 0x08, 5, 0x12, 2, 'n', 'o'];

    [GrpcWebFact]
    public async Task A_page_calls_a_service()
    {
        await using var site = await SiteAsync($"endpoints: [\"127.0.0.1:{grpc.Port}\"], protocol: h2c");
        foreach (var text in new[] { false, true })
        {
            var unary = await site.CallAsync("Unary", text, Named);
            Assert.Equal(200, unary.GetProperty("status").GetInt32());
            Assert.Equal(text ? "application/grpc-web-text+proto" : "application/grpc-web+proto", unary.GetProperty("type").GetString());
            Assert.Equal("[[10,0,18,2,104,105]]", unary.GetProperty("messages").GetString());
            Assert.Contains("grpc-status:0\r\n", unary.GetProperty("trailers").GetString(), StringComparison.Ordinal);

            var stream = await site.CallAsync("StreamOut", text, TwoParts);
            Assert.Equal("[[10,3,0,0,0],[10,2,0,0]]", stream.GetProperty("messages").GetString());
            Assert.True(stream.GetProperty("reads").GetInt32() > 1, "Messages come as they are sent.");

            var failing = await site.CallAsync("Unary", text, Failing);
            Assert.Equal("[]", failing.GetProperty("messages").GetString());
            Assert.Equal("5", failing.GetProperty("header").GetString() ?? failing.GetProperty("trailers").GetString()!["grpc-status:".Length..][..1]);
        }
    }

    [GrpcWebFact]
    public async Task What_the_proxy_answers_itself_is_a_status_of_grpc()
    {
        using var dead = new DeadPort();
        await using var site = await SiteAsync($"endpoints: [\"127.0.0.1:{dead.Port}\"], protocol: h2c");

        var answer = await site.CallAsync("Unary", false, Named);

        Assert.Equal(("14", "application/grpc-web+proto"), (answer.GetProperty("header").GetString(), answer.GetProperty("type").GetString()));
        Assert.Contains("connect_failed", answer.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [GrpcWebFact]
    public async Task A_page_of_another_origin_calls_a_service_where_CORS_lets_it()
    {
        using var certificate = new TestCertificate("localhost");
        var port = ServerProcess.FreePort();
        await using var site = await SiteAsync($"endpoints: [\"127.0.0.1:{grpc.Port}\"], protocol: h2c", $$"""
              web2:
                address: "127.0.0.1:{{port}}"
                protocols: [http1, http2]
                filters: [ { tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}", default: true } } ] } } ]
            """);

        foreach (var text in new[] { false, true })
        {
            var unary = await site.CallAsync("Unary", text, Named, $"https://127.0.0.1:{port}");
            Assert.Equal((200, "[[10,0,18,2,104,105]]"), (unary.GetProperty("status").GetInt32(), unary.GetProperty("messages").GetString()));
        }

        // A failure without messages has its status in the head, which a page sees where it is exposed.
        var unreachable = await site.CallAsync("Unimplemented", false, [], $"https://127.0.0.1:{port}");
        Assert.Equal("12", unreachable.GetProperty("header").GetString() ?? unreachable.GetProperty("trailers").GetString()!["grpc-status:".Length..][..2]);
    }

    /// <summary>A page, and a service behind the filter as filters/GrpcWeb/README.md has it for other origins.</summary>
    private static async Task<Site> SiteAsync(string cluster, string listener = "")
    {
        var port = ServerProcess.FreePort();
        var file = new ConfigFile($$"""
            plugins: [GrpcWeb, Headers]
            listeners:
              web: { address: "127.0.0.1:{{port}}" }
            {{listener}}
            routes:
              - { match: { path: /page }, respond: { body: "<html></html>", content_type: text/html } }
              - name: echo-preflight
                match: { path: "/filterproxy.test.Echo/*", methods: [OPTIONS] }
                filters:
                  - headers:
                      response:
                        set:
                          access-control-allow-origin: "http://127.0.0.1:{{port}}"
                          access-control-allow-headers: content-type, x-grpc-web, x-user-agent, grpc-timeout
                          access-control-max-age: "600"
                respond: { status: 204 }
              - name: echo
                match: { path: "/filterproxy.test.Echo/*" }
                filters:
                  - headers:
                      response:
                        set:
                          access-control-allow-origin: "http://127.0.0.1:{{port}}"
                          access-control-expose-headers: grpc-status, grpc-message
                  - grpc_web
                cluster: service
            clusters: { service: { {{cluster}} } }
            """);
        var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Prerequisites.Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--no-proxy-server", "--disable-dev-shm-usage"],
        });
        var page = await browser.NewPageAsync(new() { IgnoreHTTPSErrors = true });
        await page.GotoAsync($"http://127.0.0.1:{port}/page");
        return new Site(file, proxy, playwright, browser, page);
    }

    private sealed record Site(ConfigFile File, ProxyProcess Proxy, IPlaywright Playwright, IBrowser Browser, IPage Page) : IAsyncDisposable
    {
        public async Task<JsonElement> CallAsync(string method, bool text, int[] message, string? origin = null) =>
            (await Page.EvaluateAsync(Call, new object?[] { method, text, message, origin }))!.Value;

        public async ValueTask DisposeAsync()
        {
            await Browser.DisposeAsync();
            Playwright.Dispose();
            await Proxy.DisposeAsync();
            File.Dispose();
        }
    }
}

/// <summary>A test that needs node, npm and a Chromium, and is skipped with the reason where one is missing.</summary>
internal sealed class GrpcWebFactAttribute : FactAttribute
{
    public GrpcWebFactAttribute() => Skip = Prerequisites.Missing;
}
